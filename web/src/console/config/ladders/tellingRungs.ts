/** A rung read aloud: when it is reached, who hears, and what is done. */
import { useI18n } from 'vue-i18n'
import type { Language } from '@/shared/language'
import type { Rung, RungAct } from '../documents'
import type { Names } from '../names'
import { spanText } from '../spans'
import { ANY, APART } from './ladder'

export function useTellRung(names: Names) {
  const { t, locale } = useI18n()
  const span = (minutes: number) =>
    Number.isNaN(minutes) ? '…' : spanText(Math.abs(minutes) * 60, locale.value as Language)

  function when(rung: Rung): string {
    const on = rung.on === ANY ? t('config.ladders.anyMetric') : names.nameOf(names.metrics.value, rung.on)
    const { at } = rung
    if (at.by === 'count') return t('config.ladders.atNudge', { n: at.count })
    if (at.by === 'minutes') {
      const code = rung.on === 'idle' ? 'config.ladders.atIdle' : 'config.ladders.atUnaccepted'
      return t(code, { span: span(at.minutes) })
    }
    if (at.by === 'percent') {
      return at.percent === 100
        ? t('config.ladders.atDue', { on })
        : t(at.percent > 100 ? 'config.ladders.atOver' : 'config.ladders.atPercent', {
            on,
            n: at.percent > 100 ? at.percent - 100 : at.percent,
          })
    }
    if (at.minutes === 0) return t('config.ladders.atDue', { on })
    return t(at.minutes < 0 ? 'config.ladders.atBefore' : 'config.ladders.atAfter', {
      on,
      span: span(at.minutes),
    })
  }
  function act(one: RungAct): string {
    if (one.do === 'raise_priority') {
      return one.to
        ? t('config.ladders.raiseTo', { to: t(`priority.${one.to}`) })
        : t('config.ladders.act.raise_priority')
    }
    if (one.do === 'move_queue') {
      return t('config.ladders.moveTo', { queue: names.nameOf(names.queues.value, one.queue) })
    }
    return t(`config.ladders.act.${one.do}`)
  }
  function what(rung: Rung): string {
    const people = [
      ...rung.tell.map((one) => t(`config.audience.${one}`)),
      ...rung.people.map(
        (id) => names.people.value.find((one) => one.id === id)?.label ?? String(id),
      ),
    ]
    const done = [
      ...(people.length ? [t('config.ladders.tells', { people: people.join(t('list.comma')) })] : []),
      ...rung.act.map(act),
    ]
    return done.join(t('config.ladders.then')) || t('config.ladders.nothing')
  }
  const isApart = (rung: Rung) => APART.includes(rung.on)
  return { when, what, act, isApart, span }
}
