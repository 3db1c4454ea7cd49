/** A calendar: what a new one starts with and what is wrong with a draft. */
import type { Calendar, Hours } from '../documents'
import { overlap } from './days'

const DAY: Hours[] = [
  ['09:00', '12:00'],
  ['13:30', '18:00'],
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
    week: Object.fromEntries([1, 2, 3, 4, 5].map((day) => [String(day), DAY])),
    other_weeks: [],
    first_week: null,
    overrides: {},
    known_through: null,
  }
}

export const wholeCalendar = (doc: Calendar): Calendar => ({
  ...blankCalendar(doc.id),
  ...doc,
  other_weeks: doc.other_weeks ?? [],
  first_week: doc.first_week ?? null,
  overrides: doc.overrides ?? {},
})

export function faultsOf(calendar: Calendar): Record<string, string> {
  const found: Record<string, string> = {}
  if (!calendar.name.trim()) found.name = 'nameMissing'
  const days = [calendar.week, ...calendar.other_weeks].flatMap((one) => Object.values(one))
  const explicit = Object.values(calendar.overrides).flatMap((one) =>
    one.kind === 'explicit' ? [one.hours] : [],
  )
  if (!days.some((hours) => hours.length)) found.week = 'noHours'
  if (calendar.other_weeks.length && !calendar.first_week) found.first_week = 'firstWeek'
  if (days.flat().some((one) => one.some((time) => !time))) found.week = 'timeMissing'
  else if (days.some(overlap)) found.week = 'overlap'
  if (explicit.flat().some((one) => one.some((time) => !time)) || explicit.some(overlap)) {
    found.overrides = 'overlapDay'
  }
  return found
}
