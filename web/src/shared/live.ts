/** The live feed: server-sent events that resume where they broke off. */

export type LiveState = 'connecting' | 'live' | 'broken'

export interface LiveFeed {
  /** say which ticket is looked at; null: none */
  look(ticket: number | null): void
  stop(): void
}

export interface LiveWishes<Step> {
  url: string
  onStep(step: Step): void
  /** The feed began anew, perhaps after a gap: what is shown should be read again. */
  onHello(): void
  onState(state: LiveState): void
}

const SHORTEST = 1_000
const LONGEST = 30_000
/** Browsers retry by themselves after a dropped connection, but not after an answer that is not a
 * stream (a proxy's 502, an ended session); then this waits and opens a new one. */
export function startLive<Step extends { seq: number }>(wishes: LiveWishes<Step>): LiveFeed {
  let source: EventSource | null = null
  let timer: number | undefined
  let wait = SHORTEST
  let last: number | null = null
  let stopped = false
  let looked: number | null = null

  function address(): string {
    const query = new URLSearchParams()
    if (last !== null) query.set('after', String(last))
    if (looked !== null) query.set('ticket', String(looked))
    return query.size > 0 ? `${wishes.url}?${query}` : wishes.url
  }

  /** `resumed`: we left by ourselves, and nothing was missed in between */
  function open(resumed = false): void {
    if (stopped) return
    if (!resumed) wishes.onState('connecting')
    const missesNothing = resumed && last !== null
    source = new EventSource(address())
    source.addEventListener('hello', () => {
      wait = SHORTEST
      wishes.onState('live')
      if (!missesNothing) wishes.onHello()
    })
    source.addEventListener('change', (event) => {
      const step = JSON.parse((event as MessageEvent<string>).data) as Step
      if (last !== null && step.seq <= last) return
      last = step.seq
      wishes.onStep(step)
    })
    source.onerror = () => {
      wishes.onState('broken')
      if (source?.readyState !== EventSource.CLOSED) return
      source.close()
      timer = window.setTimeout(() => open(), wait)
      wait = Math.min(wait * 2, LONGEST)
    }
  }

  function hurry(): void {
    if (source?.readyState !== EventSource.CLOSED) return
    window.clearTimeout(timer)
    open()
  }

  window.addEventListener('online', hurry)
  open()
  return {
    look(ticket) {
      if (ticket === looked) return
      looked = ticket
      // a feed that is down asks with it when it comes back
      if (source?.readyState === EventSource.CLOSED) return
      source?.close()
      open(true)
    },
    stop() {
      stopped = true
      window.clearTimeout(timer)
      window.removeEventListener('online', hurry)
      source?.close()
    },
  }
}
