/** What a customer looks at is read again when he comes back to it: on focus, when the page becomes
 * visible, when the network returns, and every half minute while it is in view. A hidden page asks
 * for nothing. */
import { onMounted, onUnmounted, ref, shallowRef, type Ref } from 'vue'

const EVERY = 30_000
/** Focus and visibility come together: one reading is enough. */
const APART = 2_000

export interface Fresh<Shown> {
  shown: Ref<Shown | null>
  /** Why the last reading failed; null when it went well. */
  trouble: Ref<unknown>
  reading: Ref<boolean>
  read(): Promise<void>
  /** Shows what a command answered; a reading that is under way is out of date then. */
  take(answer: Shown): void
}

export function useFresh<Shown>(look: () => Promise<Shown>): Fresh<Shown> {
  const shown = shallowRef<Shown | null>(null)
  const trouble = shallowRef<unknown>(null)
  const reading = ref(false)
  let asked = 0
  let latest = 0
  let timer: ReturnType<typeof setInterval> | undefined

  function take(answer: Shown) {
    latest++
    shown.value = answer
    trouble.value = null
    reading.value = false
  }

  async function read() {
    const mine = ++latest
    asked = Date.now()
    reading.value = true
    try {
      const answer = await look()
      if (mine === latest) take(answer)
    } catch (reason) {
      if (mine !== latest) return
      trouble.value = reason
      reading.value = false
    }
  }

  function returned() {
    if (document.visibilityState === 'visible' && Date.now() - asked > APART) void read()
  }

  const tick = () => {
    if (document.visibilityState === 'visible') void read()
  }

  onMounted(() => {
    void read()
    timer = setInterval(tick, EVERY)
    document.addEventListener('visibilitychange', returned)
    window.addEventListener('focus', returned)
    window.addEventListener('online', tick)
  })
  onUnmounted(() => {
    clearInterval(timer)
    document.removeEventListener('visibilitychange', returned)
    window.removeEventListener('focus', returned)
    window.removeEventListener('online', tick)
  })
  return { shown, trouble, reading, read, take }
}
