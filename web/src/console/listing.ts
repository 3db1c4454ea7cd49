/** What a ticket list shows, as the address bar holds it. */
import type { LocationQuery, LocationQueryValue } from 'vue-router'
import type { Priority, StatusCategory } from '@/api/generated'

export const VIEWS = [
  'mine',
  'unclaimed',
  'team',
  'open',
  'overdue',
  'unpromised',
  'waiting',
  'resolved',
  'closed',
  'all',
] as const
export type View = (typeof VIEWS)[number]

export const SORTS = ['due', 'updated', 'created'] as const
export type Sort = (typeof SORTS)[number]

export const PRIORITIES = ['urgent', 'high', 'normal', 'low'] as const satisfies readonly Priority[]
export const CATEGORIES = [
  'new',
  'open',
  'waiting_customer',
  'waiting_third',
  'waiting_internal',
  'resolved',
  'closed',
  'cancelled',
] as const satisfies readonly StatusCategory[]

export interface Listing {
  view: View
  sort: Sort
  team: string | null
  assignee: number | null
  priority: Priority | null
  status: StatusCategory | null
}

type Asked = LocationQueryValue | LocationQueryValue[] | undefined

/** Where work presses, the list begins with what falls due first. */
export function usualSort(view: View): Sort {
  return ['resolved', 'closed', 'all'].includes(view) ? 'updated' : 'due'
}

/** Read the address; what it cannot mean is left out. */
export function listingOf(query: LocationQuery): Listing {
  const view = oneOf(VIEWS, query.view) ?? 'open'
  const assignee = Number(query.assignee)
  return {
    view,
    sort: oneOf(SORTS, query.sort) ?? usualSort(view),
    team: text(query.team),
    assignee: Number.isInteger(assignee) && assignee > 0 ? assignee : null,
    priority: oneOf(PRIORITIES, query.priority),
    status: oneOf(CATEGORIES, query.status),
  }
}

/** The address of a list: only what differs from the usual stands in it. */
export function addressOf(listing: Listing): Record<string, string> {
  const address: Record<string, string> = { view: listing.view }
  if (listing.sort !== usualSort(listing.view)) address.sort = listing.sort
  if (listing.team) address.team = listing.team
  if (listing.assignee) address.assignee = String(listing.assignee)
  if (listing.priority) address.priority = listing.priority
  if (listing.status) address.status = listing.status
  return address
}

/** What the server is asked for. */
export function questionOf(listing: Listing): Record<string, string | number | null> {
  return {
    view: listing.view,
    sort: listing.sort,
    team: listing.team,
    assignee: listing.assignee,
    priority: listing.priority,
    status_category: listing.status,
  }
}

/** How many conditions narrow the view. */
export function narrowings(listing: Listing): number {
  return [listing.team, listing.assignee, listing.priority, listing.status].filter(Boolean).length
}

function text(value: Asked): string | null {
  return typeof value === 'string' && value ? value : null
}

function oneOf<T extends string>(known: readonly T[], value: Asked): T | null {
  return known.find((one) => one === value) ?? null
}
