/** What a command will do to a ticket, guessed before the server answers; wrong guesses are rolled
 * back. Only what the eye looks for is guessed: who holds it, its status, its priority. */
import type { Priority, StatusCategory, TicketRow } from '@/api/generated'

export type Wish =
  | { command: 'claim' }
  | { command: 'release' }
  | { command: 'assign'; staff: number }
  | { command: 'transfer'; team: string; staff: number | null; reason: string }
  | { command: 'reply'; text: string; then: string | null }
  | { command: 'note'; text: string }
  | { command: 'hold'; status: string; reason: string; until: string }
  | { command: 'resume' }
  | { command: 'resolve'; solution: string }
  | { command: 'close'; reason: string }
  | { command: 'cancel'; reason: string }
  | { command: 'reopen'; reason: string }
  | { command: 'set_priority'; priority: Priority; reason: string }
  | { command: 'escalate'; reason: string }
  | { command: 'set_due'; metric: string; due_at: string; reason: string }
  | { command: 'release_due'; metric: string; reason: string }
  | { command: 'plan'; text: string; public: boolean }
  | { command: 'check_in'; latitude: number | null; longitude: number | null }
  | { command: 'merge'; into: number; reason: string }
  | { command: 'unmerge'; reason: string }
  | { command: 'split'; messages: number[]; subject: string; inherit: boolean }
  | { command: 'edit'; seen_version: number; subject?: string; category?: string }

export interface Names {
  me: { id: number; name: string }
  staff(id: number | null): string | null
  team(id: string | null): string | null
  status(id: string): { label: string; category: StatusCategory; public_step: number } | null
}

export function guess(ticket: TicketRow, wish: Wish, names: Names): TicketRow {
  switch (wish.command) {
    case 'claim':
      return held(ticket.status_category === 'new' ? moved(ticket, 'open', names) : ticket, names)
    case 'release':
      return { ...ticket, assignee: null, assignee_name: null }
    case 'assign':
      return { ...ticket, assignee: wish.staff, assignee_name: names.staff(wish.staff) }
    case 'transfer':
      return {
        ...ticket,
        team: wish.team,
        team_name: names.team(wish.team),
        assignee: wish.staff,
        assignee_name: names.staff(wish.staff),
      }
    case 'reply':
      return answered(ticket, wish.then, names)
    case 'hold':
      return moved(ticket, wish.status, names)
    case 'resume':
    case 'reopen':
      return moved(ticket, 'open', names)
    case 'resolve':
      return moved(ticket.assignee === null ? held(ticket, names) : ticket, 'resolved', names)
    case 'close':
      return moved(ticket, 'closed', names)
    case 'cancel':
      return moved(ticket, 'cancelled', names)
    case 'merge':
      return moved(ticket, 'merged', names)
    case 'unmerge':
      return moved(ticket, 'open', names)
    case 'set_priority':
      return { ...ticket, priority: wish.priority }
    case 'edit':
      return {
        ...ticket,
        subject: wish.subject ?? ticket.subject,
        category: wish.category ?? ticket.category,
      }
    case 'note':
    case 'escalate':
    case 'set_due':
    case 'release_due':
    case 'plan':
    case 'check_in':
    case 'split':
      return ticket
  }
}

/** The command that takes another one back, where there is one: offered for ten seconds. */
export function undoOf(before: TicketRow, wish: Wish): Wish | null {
  switch (wish.command) {
    case 'claim':
      return before.assignee === null ? { command: 'release' } : null
    case 'release':
    case 'assign':
      return before.assignee === null
        ? { command: 'release' }
        : { command: 'assign', staff: before.assignee }
    case 'transfer':
      return before.team === null
        ? null
        : { command: 'transfer', team: before.team, staff: before.assignee, reason: '' }
    case 'set_priority':
      return { command: 'set_priority', priority: before.priority, reason: '' }
    case 'hold':
      return before.status_category.startsWith('waiting_') ? null : { command: 'resume' }
    case 'close':
      return { command: 'reopen', reason: '' }
    case 'merge':
      return { command: 'unmerge', reason: '' }
    default:
      return null
  }
}

function answered(ticket: TicketRow, then: string | null, names: Names): TicketRow {
  const taken = ticket.assignee === null ? held(ticket, names) : ticket
  const opened = ticket.status_category === 'new' ? moved(taken, 'open', names) : taken
  return then ? moved(opened, then, names) : opened
}

function held(ticket: TicketRow, names: Names): TicketRow {
  return { ...ticket, assignee: names.me.id, assignee_name: names.me.name }
}

function moved(ticket: TicketRow, status: string, names: Names): TicketRow {
  const known = names.status(status)
  if (!known) return ticket
  return {
    ...ticket,
    status,
    status_category: known.category,
    status_label: known.label,
    public_step: known.public_step,
  }
}
