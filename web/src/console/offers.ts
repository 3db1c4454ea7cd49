/** Which buttons a ticket offers: what the reader may do (`allowed`), where it makes sense now. */
import type { TicketRow } from '@/api/generated'

export const OFFERS = [
  'claim',
  'release',
  'assign',
  'transfer',
  'reply',
  'note',
  'hold',
  'resume',
  'resolve',
  'close',
  'cancel',
  'reopen',
  'set_priority',
  'escalate',
  'edit',
  'plan',
  'check_in',
  'merge',
  'unmerge',
  'split',
] as const
export type Offer = (typeof OFFERS)[number]

const GONE = ['cancelled', 'merged']
const ENDED = ['closed', ...GONE]

export function isNew(ticket: TicketRow): boolean {
  return ticket.status_category === 'new'
}

export function isWaiting(ticket: TicketRow): boolean {
  return ticket.status_category.startsWith('waiting_')
}

export function isOpen(ticket: TicketRow): boolean {
  return ticket.status_category !== 'resolved' && !ENDED.includes(ticket.status_category)
}

export function offersOf(ticket: TicketRow, allowed: readonly string[], me: number): Set<Offer> {
  const open = isOpen(ticket)
  const resolved = ticket.status_category === 'resolved'
  const sensible: Record<Offer, boolean> = {
    // routing may have given it to me already: claiming then says that work has begun
    claim: open && (ticket.assignee === null || (ticket.assignee === me && isNew(ticket))),
    release: open && ticket.assignee === me,
    assign: open,
    transfer: open,
    reply: !GONE.includes(ticket.status_category),
    note: true,
    hold: open,
    resume: isWaiting(ticket),
    resolve: open,
    close: open || resolved,
    cancel: open,
    reopen: resolved || ticket.status_category === 'closed',
    set_priority: open,
    escalate: open,
    edit: open,
    plan: open && ticket.assignee !== null,
    check_in: open && ticket.assignee === me,
    merge: open,
    unmerge: ticket.status_category === 'merged',
    split: !GONE.includes(ticket.status_category),
  }
  return new Set(OFFERS.filter((offer) => sensible[offer] && allowed.includes(offer)))
}
