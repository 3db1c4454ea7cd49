/** The timeline as a conversation: what was said stands out, what was recorded is folded. */
import type { TimelineEntry } from '@/api/generated'

export type Piece =
  | { kind: 'said'; entry: TimelineEntry }
  | { kind: 'loud'; entry: TimelineEntry }
  | { kind: 'fold'; entries: TimelineEntry[] }

/** What somebody who reads along must not miss. */
const LOUD = new Set([
  'breached',
  'warned',
  'resolved',
  'reopened',
  'disputed',
  'confirmed',
  'rated',
  'nudged',
  'escalated',
  'notice_failed',
])

export function piecesOf(timeline: readonly TimelineEntry[]): Piece[] {
  const pieces: Piece[] = []
  const shown = new Set<number>()
  for (const entry of timeline) {
    // a solution is both a reply and the reason of "resolved": its words are shown once
    if (entry.message && !shown.has(entry.message.id)) {
      shown.add(entry.message.id)
      pieces.push({ kind: 'said', entry })
    } else if (LOUD.has(entry.kind)) pieces.push({ kind: 'loud', entry })
    else {
      const last = pieces[pieces.length - 1]
      if (last?.kind === 'fold') last.entries.push(entry)
      else pieces.push({ kind: 'fold', entries: [entry] })
    }
  }
  return pieces
}
