/** An SLA clock's life as segments to draw. Nights and holidays cost no working time, so they get a
 * thin fixed mark instead of their true length; what ran beyond the target is set apart. */
import type { ClockShown } from '@/api/generated'

export interface Segment {
  kind: 'ran' | 'over' | 'paused' | 'excused' | 'closed' | 'rest'
  /** Relative width; closed stretches have none. */
  grow: number
  from: string | null
  to: string | null
  seconds: number
  reason: string
}

export function segmentsOf(clock: ClockShown): Segment[] {
  const drawn: Segment[] = []
  let used = 0
  for (const part of clock.strip) {
    const common = { from: part.from_at, to: part.to_at, reason: part.why || part.reason }
    if (part.kind === 'closed') {
      drawn.push({ ...common, kind: 'closed', grow: 0, seconds: part.wall })
      continue
    }
    if (part.kind === 'paused' || part.kind === 'excused') {
      drawn.push({ ...common, kind: part.kind, grow: part.wall, seconds: part.wall })
      continue
    }
    const within = Math.max(0, Math.min(part.working, clock.target - used))
    const beyond = part.working - within
    used += part.working
    if (within > 0) drawn.push({ ...common, kind: 'ran', grow: within, seconds: within })
    if (beyond > 0) drawn.push({ ...common, kind: 'over', grow: beyond, seconds: beyond })
  }
  if (!['cancelled', 'imported'].includes(clock.state) && clock.remaining > 0) {
    const rest = clock.remaining
    drawn.push({ kind: 'rest', grow: rest, from: null, to: clock.due_at, seconds: rest, reason: '' })
  }
  return capped(drawn)
}

/** A pause of days must not squeeze the working time to nothing: no pause is drawn longer than
 * twice all working time. */
function capped(drawn: Segment[]): Segment[] {
  const working = drawn
    .filter((one) => !stands(one))
    .reduce((sum, one) => sum + one.grow, 0)
  const most = working > 0 ? working * 2 : Infinity
  return drawn.map((one) =>
    stands(one) && one.grow > most ? { ...one, grow: most } : one,
  )
}

const stands = (one: Segment) => one.kind === 'paused' || one.kind === 'excused'
