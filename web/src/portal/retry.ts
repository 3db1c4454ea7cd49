/** Sends what waits: when the network is back, when the customer comes back, and now and then. */
import { onMounted, onUnmounted, watch, type Ref } from 'vue'

const FIRST = 4_000
const LONGEST = 60_000

export function useRetry(state: Ref<'writing' | 'sending' | 'waiting'>, send: () => void): void {
  let pause = FIRST
  let timer: ReturnType<typeof setTimeout> | undefined

  function now() {
    if (state.value === 'waiting' && document.visibilityState === 'visible') send()
  }

  watch(
    state,
    (is) => {
      clearTimeout(timer)
      if (is === 'writing') pause = FIRST
      if (is !== 'waiting') return
      timer = setTimeout(now, pause)
      pause = Math.min(pause * 2, LONGEST)
    },
    { flush: 'sync' },
  )
  onMounted(() => {
    window.addEventListener('online', now)
    document.addEventListener('visibilitychange', now)
    now()
  })
  onUnmounted(() => {
    clearTimeout(timer)
    window.removeEventListener('online', now)
    document.removeEventListener('visibilitychange', now)
  })
}
