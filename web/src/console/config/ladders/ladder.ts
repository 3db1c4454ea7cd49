/** A ladder: the one that holds before anybody saved one, and what is wrong with a draft. */
import { newKey } from '@/shared/ask'
import type { Audience, Ladder, Rung, RungAt, RungStop } from '../documents'

export const AUDIENCES: Audience[] = [
  'assignee',
  'leader',
  'leaders_leader',
  'supervisors',
  'on_duty',
  'group',
]
export const STOPS: RungStop[] = ['accepted', 'touched', 'escalated']
export const APART = ['nudge', 'unaccepted', 'idle']
export const ANY = 'any'

const rung = (id: string, part: Partial<Rung>): Rung => ({
  id,
  name: '',
  on: ANY,
  at: { by: 'percent', percent: 80 },
  clock: 'business',
  tell: [],
  people: [],
  act: [],
  repeat: null,
  stop: [],
  heeds_quiet: true,
  ...part,
})
const percent = (share: number): RungAt => ({ by: 'percent', percent: share })

export const DEFAULT_RUNGS: Rung[] = [
  rung('half', { at: percent(50), tell: ['assignee'] }),
  rung('most', { at: percent(80), tell: ['assignee', 'leader'] }),
  rung('due', { at: percent(100), tell: ['leader', 'leaders_leader'] }),
  rung('over', { at: percent(150), tell: ['supervisors'] }),
  rung('second_nudge', { on: 'nudge', at: { by: 'count', count: 2 }, tell: ['assignee', 'leader'] }),
]

export const newRung = (): Rung => rung(`r${newKey().slice(0, 8)}`, { tell: ['assignee'] })

export const blankLadder = (id: string): Ladder => ({
  id,
  name: '',
  rungs: DEFAULT_RUNGS,
  quiet: null,
})

export const wholeLadder = (doc: Ladder): Ladder => ({
  ...blankLadder(doc.id),
  ...doc,
  rungs: (doc.rungs ?? []).map((one) => rung(one.id, one)),
  quiet: doc.quiet ?? null,
})

/** What goes with what a rung looks at. */
export function waysOf(on: string): RungAt['by'][] {
  if (on === 'nudge') return ['count']
  if (on === 'unaccepted' || on === 'idle') return ['minutes']
  return ['percent', 'due']
}

export function firstAt(by: RungAt['by']): RungAt {
  return {
    percent: { by: 'percent' as const, percent: 80 },
    due: { by: 'due' as const, minutes: -30 },
    count: { by: 'count' as const, count: 2 },
    minutes: { by: 'minutes' as const, minutes: 15 },
  }[by]
}

const whole = (value: number, least: number, most: number) =>
  Number.isInteger(value) && value >= least && value <= most
const YEAR = 60 * 24 * 366

/** Why a rung cannot be saved, as a code, or nothing. */
export function faultOf(one: Rung): string | null {
  const { at } = one
  if (at.by === 'percent' && !whole(at.percent, 1, 1000)) return 'rungNumber'
  if (at.by === 'due' && !whole(at.minutes, -YEAR, YEAR)) return 'rungNumber'
  if (at.by === 'count' && !whole(at.count, 1, 100)) return 'rungNumber'
  if (at.by === 'minutes' && !whole(at.minutes, 1, YEAR)) return 'rungNumber'
  if (!one.tell.length && !one.people.length && !one.act.length) return 'rungIdle'
  if (one.act.some((act) => act.do === 'move_queue' && !act.queue)) return 'rungQueue'
  if (one.act.some((act) => act.do === 'webhook' && !act.webhook)) return 'rungWebhook'
  if (one.repeat && !(whole(one.repeat.every, 1, YEAR) && whole(one.repeat.times, 1, 100))) {
    return 'rungNumber'
  }
  return null
}

export function faultsOf(ladder: Ladder): Record<string, string> {
  const found: Record<string, string> = {}
  if (!ladder.name.trim()) found.name = 'nameMissing'
  if (ladder.rungs.some(faultOf)) found.rungs = 'rungs'
  if (ladder.quiet && (!ladder.quiet.starts || !ladder.quiet.ends)) found.quiet = 'timeMissing'
  return found
}
