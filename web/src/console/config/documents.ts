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

/** ISO weekday (1 Monday … 7 Sunday) → its hours; a missing one is free. */
export type Week = Record<string, Hours[]>

export interface Calendar {
  id: string
  version?: number
  name: string
  zone: string
  week: Week
  /** Weeks that take turns with `week` (大小周), in their order. */
  other_weeks: Week[]
  /** Any day of a week that works by `week`. */
  first_week: string | null
  overrides: Record<string, Override>
  known_through: number | null
}

export interface Profile {
  name: string
  zone: string
  categories: string[]
  greeting: string
  quiet_close_hours: number
  reopen_days: number
}

export type { Priority, StatusCategory }

export type Mode = 'automatic' | 'grab' | 'manual'

export interface Weights {
  skill: number
  load: number
  pace: number
  fair: number
  near: number
  known: number
}

/** Minutes of the wall clock; zero means no such bound. */
export interface Queue {
  id: string
  version?: number
  name: string
  team: string | null
  mode: Mode
  caps: {
    open: number
    hourly: number
    by_category: Record<string, number>
    people: Record<string, number>
  }
  fatigue: { after: number; rest: number }
  shed: { above: number; teams: string[]; core: string[]; core_priorities: Priority[] }
  weights: Weights
  accept_within: number
  tries: number
  touch_within: number
  hoard: number
}

export type Audience =
  | 'assignee'
  | 'leader'
  | 'leaders_leader'
  | 'supervisors'
  | 'on_duty'
  | 'group'

export type RungAt =
  | { by: 'percent'; percent: number }
  | { by: 'due'; minutes: number }
  | { by: 'count'; count: number }
  | { by: 'minutes'; minutes: number }

export type RungAct =
  | { do: 'raise_priority'; to: Priority | null }
  | { do: 'reassign' }
  | { do: 'move_queue'; queue: string }
  | { do: 'webhook'; webhook: string }

export type RungStop = 'accepted' | 'touched' | 'escalated'

export interface Rung {
  id: string
  name: string
  on: string
  at: RungAt
  clock: 'business' | 'wall'
  tell: Audience[]
  people: number[]
  act: RungAct[]
  repeat: { every: number; times: number } | null
  stop: RungStop[]
  heeds_quiet: boolean
}

export interface Ladder {
  id: string
  version?: number
  name: string
  rungs: Rung[]
  quiet: { starts: string; ends: string; spares: Priority[] } | null
}

export interface Metric {
  id: string
  version?: number
  name: Record<string, string>
  starts: string[]
  stops: string[]
  resumes: string[]
  pauses: StatusCategory[]
  instances: 'one' | 'many'
  late: 'rejudge' | 'clamp'
}

export interface Shift {
  id: string
  name: string
  hours: Hours
  breaks: Hours[]
}

export interface Cycle {
  id: string
  name: string
  /** A shift's id for each day, "" for a free one. */
  days: string[]
  first_day: string
  holidays: 'free' | 'worked'
}

export interface Line {
  staff: number
  cycle: string
  ahead: number
  since: string | null
  until: string | null
}

export interface Roster {
  id: string
  version?: number
  name: string
  teams: string[]
  zone: string
  calendar: string
  shifts: Shift[]
  cycles: Cycle[]
  lines: Line[]
  overrides: Record<string, Record<string, string>>
  on_call: { staff: number[]; first_day: string; days: number; changes_at: string } | null
  handing: { minutes: number; left: 'pressing' | 'all' | 'none' }
}

export type Condition =
  | { if: 'all'; of: Condition[] }
  | { if: 'any'; of: Condition[] }
  | { if: 'not'; of: Condition }
  | { if: 'is'; field: string; values: string[] }
  | { if: 'says'; words: string[]; in?: ('subject' | 'text')[] }
  | { if: 'looks_like'; field: string; pattern: string }
  | { if: 'within'; field: string; least?: number | null; most?: number | null }
  | { if: 'open'; calendar: string }

export interface Then {
  queue?: string | null
  team?: string | null
  priority?: Priority | null
  skills?: Record<string, number>
  tags?: string[]
  policy?: string | null
  mode?: Mode | null
  move?: boolean
  pin?: boolean
}

export interface Rule {
  id: string
  name: string
  when?: Condition | null
  then: Then
  active?: boolean
}

export interface Rules {
  id?: string
  version?: number
  mode: 'first' | 'all'
  rules: Rule[]
  fallback_team: string | null
  fallback_mode: Mode | null
}

export interface Matrix {
  id?: string
  version?: number
  cells: Record<string, Partial<Record<Priority, Priority>>>
  nudges: { count: number; steps: number }[]
  words: { words: string[]; steps: number; to: Priority | null }[]
  most: Priority
}

export interface Store {
  id: string
  version?: number
  name: string
  team: string | null
  region: string
  latitude: number | null
  longitude: number | null
  hours: string | null
  radius: number
  active: boolean
}

/** A status; a name of the machine's own is only a renaming. */
export interface StatusDoc {
  id: string
  version?: number
  category: StatusCategory
  public_step: number
  label: Record<string, string>
  /** 0: after the machine's own one of its category. */
  position: number
  active: boolean
}

export interface WebhookDoc {
  id: string
  version?: number
  name: string
  url: string
  enabled: boolean
}
