/** A calendar: what a new one starts with and what is wrong with a draft. */
import type { Calendar, Hours } from '../documents'
import { overlap } from './days'

const DAY: Hours[] = [
  ['09:00', '12:00'],
  ['13:30', '18:00'],
]
const WHOLE: Hours[] = [['00:00', '24:00']]
const LONG: Hours[] = [['08:00', '20:00']]
const SHIFTS: Hours[] = [
  ['08:00', '16:00'],
  ['16:00', '24:00'],
]

const week = (days: number[], hours: Hours[]): Record<string, Hours[]> =>
  Object.fromEntries(days.map((day) => [String(day), hours]))

export interface Template {
  id: string
  week: Record<string, Hours[]>
  /** Whether holidays are free. */
  holidays: boolean
}

export const TEMPLATES: Template[] = [
  { id: 'five', week: week([1, 2, 3, 4, 5], DAY), holidays: true },
  { id: 'six', week: week([1, 2, 3, 4, 5, 6], DAY), holidays: true },
  { id: 'twelve', week: week([1, 2, 3, 4, 5, 6, 7], LONG), holidays: false },
  { id: 'shifts', week: week([1, 2, 3, 4, 5, 6, 7], SHIFTS), holidays: false },
  { id: 'always', week: week([1, 2, 3, 4, 5, 6, 7], WHOLE), holidays: false },
]

export const ZONES = [
  'Asia/Shanghai',
  'Asia/Urumqi',
  'Asia/Hong_Kong',
  'Asia/Taipei',
  'Asia/Singapore',
  'Asia/Tokyo',
  'Asia/Bangkok',
  'Asia/Dubai',
  'Europe/London',
  'Europe/Berlin',
  'America/New_York',
  'America/Los_Angeles',
  'UTC',
]

export function blankCalendar(id: string): Calendar {
  return {
    id,
    name: '',
    zone: 'Asia/Shanghai',
    week: TEMPLATES[0]!.week,
    overrides: {},
    known_through: null,
  }
}

export const wholeCalendar = (doc: Calendar): Calendar => ({
  ...blankCalendar(doc.id),
  ...doc,
  overrides: doc.overrides ?? {},
})

export function faultsOf(calendar: Calendar): Record<string, string> {
  const found: Record<string, string> = {}
  if (!calendar.name.trim()) found.name = 'nameMissing'
  const days = Object.values(calendar.week)
  const explicit = Object.values(calendar.overrides).flatMap((one) =>
    one.kind === 'explicit' ? [one.hours] : [],
  )
  if (!days.some((hours) => hours.length)) found.week = 'noHours'
  if (days.flat().some((one) => one.some((time) => !time))) found.week = 'timeMissing'
  else if (days.some(overlap)) found.week = 'overlap'
  if (explicit.flat().some((one) => one.some((time) => !time)) || explicit.some(overlap)) {
    found.overrides = 'overlapDay'
  }
  return found
}
