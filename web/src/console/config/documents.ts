/** The documents that the editors of this section write, as the desk keeps them. */
import type { Priority, StatusCategory } from '@/api/generated'

/** Working seconds. */
export type Seconds = number

export type Reopening = 'resume' | 'restart' | 'keep'

export interface Policy {
  id: string
  version?: number
  name: string
  position: number
  active: boolean
  match: Record<string, string[]>
  calendar: string
  targets: Record<string, Record<string, Seconds>>
  warn_percent: number
  bot_reply_counts: boolean
  reopen: Reopening
  pauses: Record<string, StatusCategory[]>
  ladder?: string
}

/** Local wall times "HH:MM"; an end at or before the start lies on the next day. */
export type Hours = [string, string]

export type Override =
  | { kind: 'closed'; name: string }
  | { kind: 'pattern'; weekday: number; name: string }
  | { kind: 'explicit'; hours: Hours[]; name: string }

export interface Calendar {
  id: string
  version?: number
  name: string
  zone: string
  week: Record<string, Hours[]>
  overrides: Record<string, Override>
  known_through: number | null
}

export interface Profile {
  name: string
  zone: string
  categories: string[]
  greeting: string
  quiet_close_hours: number
}

export type { Priority, StatusCategory }
