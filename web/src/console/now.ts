/** One clock for all countdowns of the page; it stands still while nobody looks. */
import { onScopeDispose, ref, type Ref } from 'vue'
import { tellNow } from '@/shared/time'

/** How far the desk's clock is ahead of this machine's: a wrong clock must not make a countdown lie. */
let ahead = 0

/** Milliseconds since 1970, by the desk's clock. */
export function deskNow(): number {
  return Date.now() + ahead
}

/** The desk said what time it is. */
export function setDeskNow(at: string): void {
  ahead = Date.parse(at) - Date.now()
  tick()
}

const now = ref(deskNow())
let users = 0
let timer: number | undefined

function tick(): void {
  if (document.visibilityState !== 'visible') return
  now.value = deskNow()
  tellNow(now.value)
}

export function useNow(): Ref<number> {
  users += 1
  if (timer === undefined) {
    tick()
    timer = window.setInterval(tick, 1000)
    document.addEventListener('visibilitychange', tick)
  }
  onScopeDispose(() => {
    users -= 1
    if (users > 0) return
    window.clearInterval(timer)
    document.removeEventListener('visibilitychange', tick)
    timer = undefined
  })
  return now
}
