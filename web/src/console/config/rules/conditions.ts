/** The condition tree as people build it: groups of all, any or none, and leaves that say what must
 * be so, or must not. */
import type { Condition } from '../documents'

export type Group = Extract<Condition, { if: 'all' | 'any' }>
export type Leaf = Exclude<Condition, { if: 'all' | 'any' | 'not' }>
export type GroupKind = 'all' | 'any' | 'none'

export const NAMED = [
  'category',
  'customer_level',
  'priority',
  'urgency',
  'channel',
  'queue',
  'region',
  'product',
  'store',
  'language',
  'tags',
  'team',
  'company',
  'customer',
  'phone',
  'email',
] as const
export const COUNTED = ['hour', 'weekday', 'nudges', 'reopens', 'age', 'distance'] as const
export const WRITTEN = [
  'text',
  'subject',
  'category',
  'customer',
  'company',
  'email',
  'phone',
  'product',
  'region',
] as const

/** What a leaf looks at, as one choice in a menu. */
export type What = (typeof NAMED)[number] | (typeof COUNTED)[number] | 'says' | 'looks_like' | 'open'

export const WHATS: What[] = ['says', ...NAMED, ...COUNTED, 'open', 'looks_like']

export function blankLeaf(what: What): Leaf {
  if (what === 'says') return { if: 'says', words: [] }
  if (what === 'looks_like') return { if: 'looks_like', field: 'text', pattern: '' }
  if (what === 'open') return { if: 'open', calendar: 'default' }
  if ((COUNTED as readonly string[]).includes(what)) {
    return { if: 'within', field: what, least: firstLeast(what), most: firstMost(what) }
  }
  return { if: 'is', field: what, values: [] }
}
const firstLeast = (what: string) => ({ hour: 9, weekday: 1, nudges: 1, reopens: 1 })[what] ?? null
const firstMost = (what: string) => ({ hour: 18, weekday: 5, age: 60, distance: 10 })[what] ?? null

export function whatOf(leaf: Leaf): What {
  if (leaf.if === 'is' || leaf.if === 'within') return leaf.field as What
  return leaf.if
}

export const isGroup = (one: Condition): one is Group => one.if === 'all' || one.if === 'any'

/** A condition without the "not" around it, and whether there was one. */
export function bare(one: Condition): { negated: boolean; inner: Leaf | Group } {
  if (one.if !== 'not') return { negated: false, inner: one }
  const { negated, inner } = bare(one.of)
  return { negated: !negated, inner }
}

export const negate = (inner: Leaf | Group, negated: boolean): Condition =>
  negated ? { if: 'not', of: inner } : inner

export function kindOf(one: Condition): GroupKind {
  const { negated, inner } = bare(one)
  if (negated) return 'none'
  return inner.if === 'any' ? 'any' : 'all'
}

export function groupOf(kind: GroupKind, of: Condition[]): Condition {
  if (kind === 'none') return { if: 'not', of: { if: 'any', of } }
  return { if: kind, of }
}

/** The root as the editor shows it: always a group. "Not all of these" is shown as a group of one. */
export function rooted(when: Condition | null | undefined): Condition {
  if (!when) return { if: 'all', of: [] }
  const { negated, inner } = bare(when)
  if (!isGroup(inner)) return { if: 'all', of: [when] }
  if (negated && inner.if === 'all') return { if: 'all', of: [when] }
  return when
}

/** The root as it is saved: no group around one condition, nothing for every ticket. */
export function plain(root: Condition): Condition | null {
  const { negated, inner } = bare(root)
  if (!isGroup(inner)) return root
  if (inner.of.length === 0) return null
  const [only] = inner.of
  return !negated && inner.of.length === 1 && only ? only : root
}

/** Whether a leaf, or a leaf in a group, lacks what it compares with. */
export function unfinished(one: Condition): boolean {
  const { inner } = bare(one)
  switch (inner.if) {
    case 'all':
    case 'any':
      return inner.of.length === 0 || inner.of.some(unfinished)
    case 'is':
      return inner.values.length === 0
    case 'says':
      return inner.words.length === 0
    case 'looks_like':
      return inner.pattern.trim() === ''
    case 'within': {
      const bounds = [inner.least, inner.most].filter((bound) => bound !== null && bound !== undefined)
      return bounds.length === 0 || bounds.some((bound) => Number.isNaN(bound))
    }
    case 'open':
      return false
  }
}
