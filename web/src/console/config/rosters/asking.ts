/** What is asked of rosters, leave, swaps and duty. */
import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import type { DutyBoard, HandoverShown, LeaveShown, RosterGrid, SwapShown } from '@/api/generated'
import { ask } from '@/shared/ask'
import { wallOf } from '@/shared/time'
import { desk, keys } from '../../desk'
import { deskNow } from '../../now'
import { plusDays } from '../calendars/days'
import type { Roster } from '../documents'

export const rosterKeys = {
  all: ['rosters'] as const,
  duty: ['rosters', 'duty'] as const,
  leaves: ['rosters', 'leaves'] as const,
  swaps: ['rosters', 'swaps'] as const,
  handovers: ['rosters', 'handovers'] as const,
}

export const todayKey = (): string => wallOf(new Date(deskNow())).slice(0, 10)

export const previewGrid = (doc: Roster, first: string, days: number) =>
  ask<RosterGrid>('POST', '/rosters/preview', { body: { doc, first, days } })

/** A saved roster's grid, as everybody of its teams may see it. */
export const useGrid = (id: string, first: () => string, days: number) =>
  useQuery({
    queryKey: computed(() => [...rosterKeys.all, 'grid', id, first(), days]),
    queryFn: () =>
      ask<RosterGrid>('GET', `/rosters/${encodeURIComponent(id)}/grid`, {
        query: { first: first(), days },
      }),
    placeholderData: (before) => before,
  })

export const useDutyBoard = () =>
  useQuery({
    queryKey: rosterKeys.duty,
    queryFn: () => ask<DutyBoard>('GET', '/duty'),
    refetchInterval: 60_000,
  })

const span = () => ({ first: plusDays(todayKey(), -7), days: 120 })

export const useLeaves = () =>
  useQuery({
    queryKey: rosterKeys.leaves,
    queryFn: () => ask<LeaveShown[]>('GET', '/leaves', { query: span() }),
  })
export const useSwaps = () =>
  useQuery({
    queryKey: rosterKeys.swaps,
    queryFn: () => ask<SwapShown[]>('GET', '/swaps', { query: span() }),
  })
export const useHandovers = (enabled: () => boolean) =>
  useQuery({
    queryKey: rosterKeys.handovers,
    queryFn: () => ask<HandoverShown[]>('GET', '/handovers'),
    enabled,
    refetchInterval: 60_000,
  })

/** Something about duty changed: every picture of it is asked again. */
export function spreadDuty(): void {
  void desk.invalidateQueries({ queryKey: rosterKeys.all })
  void desk.invalidateQueries({ queryKey: keys.firm })
  void desk.invalidateQueries({ queryKey: keys.session })
}
