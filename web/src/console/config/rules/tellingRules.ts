/** A rule read aloud: when it holds, and what it does then. */
import { useI18n } from 'vue-i18n'
import type { Condition, Then } from '../documents'
import type { Named, Names } from '../names'
import { spaced } from '../spans'
import { bare, type Leaf, rooted } from './conditions'

export function useTellRule(names: Names) {
  const { t, te } = useI18n()

  const optionsOf = (field: string): readonly Named[] | null => {
    const known: Record<string, readonly Named[]> = {
      category: names.categories.value,
      priority: names.priorities.value,
      urgency: names.priorities.value,
      queue: names.queues.value,
      channel: names.channels.value,
      store: names.stores.value,
      team: names.teams.value,
    }
    return known[field] ?? null
  }
  const labelOf = (field: string, value: string): string =>
    value === ''
      ? t('config.rules.unknownValue')
      : field === 'customer_level'
        ? names.nameOf(names.levels.value, value)
        : names.nameOf(optionsOf(field) ?? [], value)
  const whatWord = (field: string) => t(`config.what.${field}`)
  const list = (words: readonly string[]) =>
    words.length > 4
      ? t('config.rules.andMore', { words: words.slice(0, 3).join(t('list.comma')), n: words.length })
      : words.join(t('config.or'))

  function leaf(one: Leaf, negated: boolean): string {
    const not = negated ? 'not' : 'yes'
    switch (one.if) {
      case 'is':
        return t(`config.rules.is.${not}`, {
          what: whatWord(one.field),
          values: list(one.values.map((value) => labelOf(one.field, value))) || '…',
        })
      case 'says': {
        const words = list(one.words.map((word) => t('config.rules.quoted', { word }))) || '…'
        return t(`config.rules.says.${not}`, { where: placeOf(one.in), words })
      }
      case 'looks_like':
        return t(`config.rules.looks.${not}`, { what: whatWord(one.field), pattern: one.pattern || '…' })
      case 'open':
        return t(`config.rules.open.${not}`, {
          calendar: one.calendar
            ? names.nameOf(names.calendars.value, one.calendar)
            : t('config.rules.storeHours'),
        })
      case 'within':
        return t(`config.rules.within.${not}`, { what: whatWord(one.field), range: range(one) })
    }
  }
  const placeOf = (places?: readonly string[]) =>
    !places || places.length !== 1 ? t('config.rules.anywhere') : t(`config.what.${places[0]!}`)
  function range(one: Extract<Leaf, { if: 'within' }>): string {
    const say = (value: number | null | undefined) => {
      if (value === null || value === undefined || Number.isNaN(value)) return ''
      if (one.field === 'weekday') return t(`config.weekday.${value}`)
      if (one.field === 'hour') {
        const minutes = Math.round((value % 1) * 60)
        return `${Math.floor(value)}:${String(minutes).padStart(2, '0')}`
      }
      return te(`config.unitOf.${one.field}`) ? t(`config.unitOf.${one.field}`, { n: value }) : `${value}`
    }
    const [least, most] = [say(one.least), say(one.most)]
    if (least && most) return least === most ? least : t('config.rules.between', { least, most })
    return least ? t('config.rules.atLeast', { least }) : t('config.rules.atMost', { most: most || '…' })
  }

  function condition(one: Condition, inside = false): string {
    const { negated, inner } = bare(one)
    if (inner.if !== 'all' && inner.if !== 'any') return leaf(inner, negated)
    const parts = inner.of.map((part) => condition(part, true))
    if (!parts.length) return t('config.rules.nothingYet')
    const words = parts.join(t(inner.if === 'all' ? 'config.and' : 'config.rules.orElse'))
    if (negated) return t('config.rules.noneOf', { words })
    return inside && parts.length > 1 ? t('config.rules.inBrackets', { words }) : words
  }

  const when = (one: Condition | null | undefined): string =>
    one && bare(rooted(one)).inner ? spaced(condition(one)) : t('config.policies.everyTicket')

  function then(one: Then): string {
    const said: string[] = []
    if (one.queue) said.push(t('config.rules.toQueue', { queue: names.nameOf(names.queues.value, one.queue) }))
    if (one.team) said.push(t('config.rules.toTeam', { team: names.nameOf(names.teams.value, one.team) }))
    if (one.mode) said.push(t(`config.mode.${one.mode}`))
    const skills = Object.entries(one.skills ?? {})
    if (skills.length) {
      said.push(
        t('config.rules.needs', {
          skills: skills
            .map(([skill, level]) => (level > 1 ? t('config.rules.skillLevel', { skill, level }) : skill))
            .join(t('list.comma')),
        }),
      )
    }
    if (one.priority) said.push(t('config.rules.setPriority', { priority: t(`priority.${one.priority}`) }))
    if (one.policy) said.push(t('config.rules.usePolicy', { policy: names.nameOf(names.policies.value, one.policy) }))
    if (one.tags?.length) said.push(t('config.rules.addTags', { tags: one.tags.join(t('list.comma')) }))
    if (one.pin) said.push(t('config.rules.pin'))
    return said.length ? spaced(said.join(t('config.rules.join'))) : t('config.rules.doesNothing')
  }
  return { when, then, optionsOf, labelOf }
}
