/** One clock for all countdowns of the page; it stands still while nobody looks. */
import { onScopeDispose, ref, type Ref } from 'vue'

const now = ref(Date.now())
let users = 0
let timer: number | undefined

function tick(): void {
  if (document.visibilityState === 'visible') now.value = Date.now()
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
