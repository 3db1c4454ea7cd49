/** How a ticket's nearest promise stands, as shape and words. */
import type { TicketRow } from '@/api/generated'
import { leftNow } from '@/shared/time'
import { isOpen, isWaiting } from './offers'

export type SlaState = 'calm' | 'warned' | 'over' | 'paused' | 'none'

export interface Standing {
  state: SlaState
  /** Working seconds left, negative when over; null when nothing runs. */
  left: number | null
  /** Share of the target that is used up, 0 to 1. */
  used: number
}

const NOTHING: Standing = { state: 'none', left: null, used: 0 }

/** `countedAt`: when the server counted `remaining`, by this machine's clock. */
export function standingOf(ticket: TicketRow, countedAt: number, now: number): Standing {
  if (!isOpen(ticket)) return NOTHING
  const left = leftNow(ticket.remaining, ticket.next_due_at, countedAt, now)
  if (left === null) {
    if (ticket.breached) return { state: 'over', left: null, used: 1 }
    return isWaiting(ticket) ? { state: 'paused', left: null, used: 0 } : NOTHING
  }
  const used = ticket.target ? Math.min(1, Math.max(0, 1 - left / ticket.target)) : 0
  if (left < 0) return { state: 'over', left, used: 1 }
  return { state: ticket.warned ? 'warned' : 'calm', left, used }
}
