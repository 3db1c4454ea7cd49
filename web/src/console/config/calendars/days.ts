/** Days as "YYYY-MM-DD", hours as minutes: the arithmetic that the pictures of a calendar need. */
import type { Calendar, Hours, Override, Week } from '../documents'

export const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7] as const
const DAY = 24 * 60

export type DayKind = 'work' | 'free' | 'closed' | 'pattern' | 'explicit'

export const minutesOf = (time: string): number => {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  return hours * 60 + minutes
}

/** Start and end in minutes from the day's midnight; the end may lie on the next day. */
export function reach([from, to]: Hours): [number, number] {
  const start = minutesOf(from)
  const end = minutesOf(to)
  return [start, end > start ? end : end + DAY]
}

export const lengthOf = (hours: readonly Hours[]): number =>
  hours.reduce((sum, one) => sum + reach(one)[1] - reach(one)[0], 0)

/** Whether two intervals of a day cover the same minute. */
export function overlap(hours: readonly Hours[]): boolean {
  const sorted = hours.map(reach).sort((a, b) => a[0] - b[0])
  return sorted.some((one, place) => place > 0 && one[0] < sorted[place - 1]![1])
}

export interface Bar {
  from: number
  to: number
  /** Came over from the evening before. */
  spill: boolean
}

/** What of each weekday (1 to 7) is worked, as parts of 24 hours; a night shift spills over. */
export function barsOf(week: Week, weekday: number): Bar[] {
  const before = weekday === 1 ? 7 : weekday - 1
  const own = (week[weekday] ?? []).map(reach).map(([from, to]) => ({ from, to: Math.min(to, DAY) }))
  const over = (week[before] ?? [])
    .map(reach)
    .filter(([, to]) => to > DAY)
    .map(([, to]) => ({ from: 0, to: to - DAY }))
  return [
    ...over.map((one) => ({ ...one, spill: true })),
    ...own.map((one) => ({ ...one, spill: false })),
  ]
}

export const dayKey = (year: number, month: number, day: number): string =>
  `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`

/** 1 Monday … 7 Sunday. */
export function weekdayOf(key: string): number {
  return new Date(`${key}T12:00:00Z`).getUTCDay() || 7
}

export function plusDays(key: string, days: number): string {
  const at = new Date(`${key}T12:00:00Z`)
  at.setUTCDate(at.getUTCDate() + days)
  return at.toISOString().slice(0, 10)
}

/** The weeks of a month, Monday first; null where the grid is empty. */
export function weeksOf(year: number, month: number): (string | null)[][] {
  const days = new Date(Date.UTC(year, month, 0)).getUTCDate()
  const lead = weekdayOf(dayKey(year, month, 1)) - 1
  const cells: (string | null)[] = [
    ...Array.from({ length: lead }, () => null),
    ...Array.from({ length: days }, (_, index) => dayKey(year, month, index + 1)),
  ]
  while (cells.length % 7) cells.push(null)
  return Array.from({ length: cells.length / 7 }, (_, row) => cells.slice(row * 7, row * 7 + 7))
}

/** Weeks begin on Monday; 1970-01-05 was one. */
const weekNumber = (key: string): number =>
  Math.floor((Date.parse(`${key}T00:00:00Z`) / 86_400_000 - 4) / 7)

/** How the week works in which a day lies. */
export function weekOf(calendar: Calendar, key: string): Week {
  const others = calendar.other_weeks ?? []
  if (!others.length || !calendar.first_week) return calendar.week
  const turns = 1 + others.length
  const passed = (((weekNumber(key) - weekNumber(calendar.first_week)) % turns) + turns) % turns
  return passed === 0 ? calendar.week : others[passed - 1]!
}

export function kindOf(calendar: Calendar, key: string): DayKind {
  const own = calendar.overrides[key]
  if (own) return own.kind
  return weekOf(calendar, key)[weekdayOf(key)]?.length ? 'work' : 'free'
}

export function hoursOf(calendar: Calendar, key: string): readonly Hours[] {
  const own = calendar.overrides[key]
  if (own?.kind === 'closed') return []
  if (own?.kind === 'explicit') return own.hours
  return weekOf(calendar, key)[own?.kind === 'pattern' ? own.weekday : weekdayOf(key)] ?? []
}

/** Working days of a year, by what makes them so. */
export function countYear(calendar: Calendar, year: number): { working: number; minutes: number } {
  let working = 0
  let minutes = 0
  for (let month = 1; month <= 12; month += 1) {
    for (const key of weeksOf(year, month).flat()) {
      const length = key ? lengthOf(hoursOf(calendar, key)) : 0
      if (length > 0) working += 1
      minutes += length
    }
  }
  return { working, minutes }
}

export interface OwnDays {
  from: string
  to: string
  override: Override
}

/** A year's special days; neighbours of the same kind and name are one line. */
export function specialDays(calendar: Calendar, year: number): OwnDays[] {
  const found: OwnDays[] = []
  for (const key of Object.keys(calendar.overrides).sort()) {
    if (!key.startsWith(`${year}-`)) continue
    const override = calendar.overrides[key]!
    const last = found[found.length - 1]
    const joins =
      last &&
      plusDays(last.to, 1) === key &&
      JSON.stringify(last.override) === JSON.stringify(override)
    if (joins) last.to = key
    else found.push({ from: key, to: key, override })
  }
  return found
}
