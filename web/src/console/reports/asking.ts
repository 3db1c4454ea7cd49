/** Reports: the question, periods that people ask for, and the table as CSV. */
import type { AttainmentShown, FiguresShown } from '@/api/generated'
import { ask } from '@/shared/ask'
import { wallOf } from '@/shared/time'
import { deskNow } from '../now'

export type ByLaw = 'final' | 'start'
export interface Period {
  from: string
  to: string
}

export const readAttainment = (period: Period, law: ByLaw) =>
  ask<AttainmentShown>('GET', '/reports/attainment', {
    query: { from_day: period.from, to_day: period.to, law },
  })

export const PERIODS = ['today', 'week', 'month', 'last'] as const
export type Named = (typeof PERIODS)[number]

/** Local days of the firm, both included. A week begins on Monday. */
export function periodOf(name: Named): Period {
  const today = wallOf(new Date(deskNow())).slice(0, 10)
  const day = (year: number, month: number, date: number) =>
    new Date(Date.UTC(year, month, date)).toISOString().slice(0, 10)
  const [year, month, date] = today.split('-').map(Number) as [number, number, number]
  const weekday = (new Date(Date.UTC(year, month - 1, date)).getUTCDay() + 6) % 7
  switch (name) {
    case 'today':
      return { from: today, to: today }
    case 'week':
      return { from: day(year, month - 1, date - weekday), to: today }
    case 'month':
      return { from: day(year, month - 1, 1), to: today }
    case 'last':
      return { from: day(year, month - 2, 1), to: day(year, month - 1, 0) }
  }
}

export interface Row {
  group: string
  name: string
  figures: FiguresShown
}

/** One line a group and metric; spans in seconds, shares from 0 to 1: a spreadsheet reckons on. */
export function csvOf(rows: readonly Row[], head: readonly string[]): string {
  const lines = rows.map(({ group, name, figures: one }) => [
    group,
    name,
    one.metric_name,
    one.clocks,
    one.met,
    one.breached,
    one.kept.toFixed(4),
    one.working.median ?? '',
    one.working.p90 ?? '',
    one.wall.median ?? '',
    one.wall.p90 ?? '',
    one.waited.toFixed(4),
    one.excused,
    one.by_retarget,
  ])
  return [head, ...lines].map((line) => line.map(cell).join(',')).join('\r\n')
}

/** Quoted where it must be; a name that a spreadsheet would take for a formula is disarmed. */
function cell(value: string | number): string {
  const text = typeof value === 'string' && /^[=+\-@\t]/.test(value) ? `'${value}` : `${value}`
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text
}
