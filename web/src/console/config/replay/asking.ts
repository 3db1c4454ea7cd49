/** 回放: a past judged again, as it was and under drafts. */
import type { ReplayProgress, ReplayShown } from '@/api/generated'
import { ask } from '@/shared/ask'
import { instantOf } from '@/shared/time'
import { plusDays } from '../calendars/days'

export interface ReplayDraft {
  kind: 'policy' | 'calendar' | 'rules' | 'roster'
  id: string
  doc: object
}

/** Days of the firm; `to` is included. */
export interface Period {
  from: string
  to: string
}

export const replay = (period: Period, drafts: readonly ReplayDraft[]) =>
  ask<ReplayShown>('POST', '/replay', {
    body: {
      from_at: instantOf(`${period.from}T00:00`).toISOString(),
      to_at: instantOf(`${plusDays(period.to, 1)}T00:00`).toISOString(),
      drafts,
    },
  })

export const readProgress = () => ask<ReplayProgress>('GET', '/replay')

/** The month before this one, this month so far, and the last ninety days. */
export function periodsOf(today: string): Record<'last' | 'this' | 'quarter', Period> {
  const first = `${today.slice(0, 8)}01`
  const lastEnd = plusDays(first, -1)
  return {
    last: { from: `${lastEnd.slice(0, 8)}01`, to: lastEnd },
    this: { from: first, to: today },
    quarter: { from: plusDays(today, -90), to: today },
  }
}
