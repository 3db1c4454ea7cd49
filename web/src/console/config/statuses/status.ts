/** The desk's own statuses and the firm's beside them, in the order of menus. */
import type { StatusCategory } from '@/api/generated'
import type { StatusDoc } from '../documents'
import { WAITING } from '../names'

/** Category and what the customer sees of it; their ids are their categories. */
const OWN: [StatusCategory, number][] = [
  ['new', 1],
  ['open', 2],
  ['waiting_customer', 2],
  ['waiting_third', 2],
  ['waiting_internal', 2],
  ['resolved', 3],
  ['closed', 4],
  ['cancelled', 4],
  ['merged', 4],
]
const GAP = 10

export const BUILT_IN: StatusDoc[] = OWN.map(([category, public_step], index) => ({
  id: category,
  category,
  public_step,
  label: {},
  position: (index + 1) * GAP,
  active: true,
}))
export const isBuiltIn = (id: string): boolean => BUILT_IN.some((one) => one.id === id)

export const blankStatus = (id: string): StatusDoc =>
  BUILT_IN.find((one) => one.id === id) ?? {
    id,
    category: 'waiting_third',
    public_step: 2,
    label: {},
    position: 0,
    active: true,
  }

const placeOf = (status: StatusDoc): number =>
  status.position || (BUILT_IN.find((one) => one.id === status.category)?.position ?? 0)

/** As the desk itself orders them (`in_order` of its statuses). */
export function inOrder(statuses: readonly StatusDoc[]): StatusDoc[] {
  return [...statuses].sort(
    (a, b) =>
      placeOf(a) - placeOf(b) ||
      Number(!isBuiltIn(a.id)) - Number(!isBuiltIn(b.id)) ||
      (a.id < b.id ? -1 : 1),
  )
}

/** What must be saved so that the one at `from` stands at `to`: itself, where there is room between
 * its new neighbours, else everything that gets another number. */
export function moved(ordered: readonly StatusDoc[], from: number, to: number): StatusDoc[] {
  const next = [...ordered]
  const [one] = next.splice(from, 1)
  if (!one || from === to) return []
  next.splice(to, 0, one)
  const before = to > 0 ? placeOf(next[to - 1]!) : 0
  const after = to < next.length - 1 ? placeOf(next[to + 1]!) : before + 2 * GAP
  const middle = Math.floor((before + after) / 2)
  if (middle > before && middle < after) return [{ ...one, position: middle }]
  return next
    .map((status, index) => ({ ...status, position: (index + 1) * GAP }))
    .filter((status) => ordered.find((old) => old.id === status.id)?.position !== status.position)
}

export function faultsOf(draft: StatusDoc): Record<string, string> {
  const found: Record<string, string> = {}
  if (!isBuiltIn(draft.id)) {
    if (!draft.label.zh?.trim()) found.label = 'nameMissing'
    if (!WAITING.includes(draft.category)) found.category = 'statusCategory'
  }
  return found
}
