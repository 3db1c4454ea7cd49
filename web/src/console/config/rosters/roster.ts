/** A roster: what a new one starts with, and what is wrong with a draft. */
import type { Roster } from '../documents'
import { plusDays, weekdayOf } from '../calendars/days'

/** The Monday of this day's week: cycles of weeks begin there. */
export const mondayOf = (day: string): string => plusDays(day, 1 - weekdayOf(day))

export const FREE = ''

export function blankRoster(id: string, today: string, words: (code: string) => string): Roster {
  return {
    id,
    name: '',
    teams: [],
    zone: 'Asia/Shanghai',
    calendar: 'default',
    shifts: [
      { id: 'day', name: words('day'), hours: ['09:00', '18:00'], breaks: [['12:00', '13:00']] },
      { id: 'late', name: words('late'), hours: ['13:00', '22:00'], breaks: [['17:00', '18:00']] },
    ],
    cycles: [
      {
        id: 'week',
        name: words('week'),
        days: ['day', 'day', 'day', 'day', 'day', FREE, FREE],
        first_day: mondayOf(today),
        holidays: 'free',
      },
    ],
    lines: [],
    overrides: {},
    on_call: null,
    handing: { minutes: 15, left: 'pressing' },
  }
}

export function wholeRoster(doc: Roster, today: string): Roster {
  const blank = blankRoster(doc.id, today, (code) => code)
  return {
    ...blank,
    ...doc,
    shifts: (doc.shifts ?? []).map((one) => ({ ...one, breaks: one.breaks ?? [] })),
    cycles: (doc.cycles ?? []).map((one) => ({ ...one, holidays: one.holidays ?? 'free' })),
    lines: (doc.lines ?? []).map((one) => ({
      ...one,
      ahead: one.ahead ?? 0,
      since: one.since ?? null,
      until: one.until ?? null,
    })),
    overrides: doc.overrides ?? {},
    on_call: doc.on_call
      ? { ...doc.on_call, days: doc.on_call.days ?? 7, changes_at: doc.on_call.changes_at ?? '09:00' }
      : null,
    handing: { ...blank.handing, ...doc.handing },
  }
}

const whole = (value: number, least: number, most: number) =>
  Number.isInteger(value) && value >= least && value <= most

export function faultsOf(roster: Roster): Record<string, string> {
  const found: Record<string, string> = {}
  if (!roster.name.trim()) found.name = 'nameMissing'
  const times = roster.shifts.flatMap((one) => [...one.hours, ...one.breaks.flat()])
  if (roster.shifts.some((one) => !one.name.trim())) found.shifts = 'nameMissing'
  else if (times.some((time) => !time)) found.shifts = 'timeMissing'
  if (roster.cycles.some((one) => !one.days.length || !one.first_day)) found.cycles = 'cycle'
  if (roster.lines.some((one) => !whole(one.ahead, 0, 365))) found.lines = 'ahead'
  const call = roster.on_call
  if (call && (!call.staff.length || !call.first_day || !call.changes_at || !whole(call.days, 1, 366))) {
    found.on_call = 'onCall'
  }
  if (!whole(roster.handing.minutes, 1, 24 * 60)) found.handing = 'count'
  return found
}

/** Set one day of one colleague by hand; null: by his cycle again. */
export function withDay(
  roster: Roster,
  day: string,
  staff: number,
  shift: string | null,
): Roster['overrides'] {
  const own = { ...roster.overrides[day] }
  if (shift === null) delete own[staff]
  else own[staff] = shift
  const overrides = { ...roster.overrides, [day]: own }
  if (!Object.keys(own).length) delete overrides[day]
  return Object.fromEntries(Object.entries(overrides).sort(([a], [b]) => a.localeCompare(b)))
}
