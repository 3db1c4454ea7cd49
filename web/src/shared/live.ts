/** The live feed: server-sent events that resume where they broke off. */

export type LiveState = 'connecting' | 'live' | 'broken'

export interface LiveFeed {
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

  function open(): void {
    if (stopped) return
    wishes.onState('connecting')
    source = new EventSource(last === null ? wishes.url : `${wishes.url}?after=${last}`)
    source.addEventListener('hello', () => {
      wait = SHORTEST
      wishes.onState('live')
      wishes.onHello()
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
      timer = window.setTimeout(open, wait)
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
    stop() {
      stopped = true
      window.clearTimeout(timer)
      window.removeEventListener('online', hurry)
      source?.close()
    },
  }
}
