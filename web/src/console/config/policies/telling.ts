/** A policy read aloud, so that whoever edits hears at once what is promised to whom. */
import { useI18n } from 'vue-i18n'
import type { Language } from '@/shared/language'
import type { Policy } from '../documents'
import type { Named, Names } from '../names'
import { spaced, spanText } from '../spans'
import { ATTRIBUTES, type Attribute, OTHERS } from './policy'

const METRIC_ORDER = ['accept', 'first', 'next', 'update', 'plan', 'onsite', 'help', 'team', 'resolve']

export function useTellPolicy(names: Names) {
  const { t, locale } = useI18n()
  const list = (words: string[]) => words.join(t('config.or'))

  function optionsOf(attribute: Attribute): readonly Named[] {
    return {
      customer_level: names.levels.value,
      category: names.categories.value,
      priority: names.priorities.value,
      queue: names.queues.value,
      channel: names.channels.value,
    }[attribute]
  }

  /** "客户等级是 VIP，并且分类是投诉", or that it takes every ticket. */
  function whom(policy: Policy): string {
    const parts = ATTRIBUTES.filter((one) => policy.match[one]?.length).map((one) =>
      t('config.policies.condition', {
        what: t(`config.attribute.${one}`),
        values: list(policy.match[one]!.map((id) => names.nameOf(optionsOf(one), id))),
      }),
    )
    return parts.length ? spaced(parts.join(t('config.and'))) : t('config.policies.everyTicket')
  }

  const span = (seconds: number) =>
    Number.isNaN(seconds) ? '…' : spanText(seconds, locale.value as Language)

  /** Metric → "15 分钟（紧急 5 分钟）". */
  function promises(policy: Policy): { metric: string; label: string; words: string }[] {
    const ids = [...METRIC_ORDER, ...Object.keys(policy.targets)]
    return [...new Set(ids)]
      .filter((metric) => Object.keys(policy.targets[metric] ?? {}).length)
      .map((metric) => {
        const target = policy.targets[metric]!
        const special = names.priorities.value
          .filter((one) => target[one.id] !== undefined && target[one.id] !== target[OTHERS])
          .map((one) =>
            t('config.policies.forPriority', { priority: one.label, span: span(target[one.id]!) }),
          )
        const usual = target[OTHERS] === undefined ? '' : span(target[OTHERS]!)
        const words =
          usual && special.length
            ? t('config.policies.except', { usual, special: special.join(t('list.comma')) })
            : usual || special.join(t('list.comma'))
        return { metric, label: names.nameOf(names.metrics.value, metric), words }
      })
  }

  return { whom, promises, optionsOf, span }
}
