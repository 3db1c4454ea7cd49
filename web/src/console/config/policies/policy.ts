/** A policy: what a new one starts with, what is wrong with a draft, and how one reads. */
import type { Policy } from '../documents'

export const ATTRIBUTES = [
  'customer_level',
  'category',
  'priority',
  'queue',
  'channel',
] as const
export type Attribute = (typeof ATTRIBUTES)[number]

export const OTHERS = '*'

export function blankPolicy(id: string, position: number): Policy {
  return {
    id,
    name: '',
    position,
    active: true,
    match: {},
    calendar: 'default',
    targets: { first: { [OTHERS]: 3600 }, resolve: { [OTHERS]: 172_800 } },
    warn_percent: 80,
    bot_reply_counts: false,
    reopen: 'resume',
    pauses: {},
    ladder: 'default',
  }
}

/** An old version may lack what later ones have. */
export function wholePolicy(doc: Policy): Policy {
  return { ...blankPolicy(doc.id, doc.position ?? 0), ...doc, targets: doc.targets ?? {} }
}

/** Codes of what is wrong, by field. */
export function faultsOf(policy: Policy): Record<string, string> {
  const found: Record<string, string> = {}
  if (!policy.name.trim()) found.name = 'nameMissing'
  const spans = Object.values(policy.targets).flatMap((one) => Object.values(one))
  if (spans.some((seconds) => Number.isNaN(seconds) || seconds === null)) found.targets = 'span'
  else if (!spans.length) found.targets = 'noTargets'
  if (Object.values(policy.match).some((values) => values.length === 0)) found.match = 'emptyMatch'
  const warn = policy.warn_percent
  if (!Number.isInteger(warn) || warn < 1 || warn > 99) found.warn_percent = 'percent'
  return found
}
