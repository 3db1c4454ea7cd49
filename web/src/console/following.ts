/** Keeps what is on the screen true: every step of the live feed moves the cached answers. */
import { useQueryClient } from '@tanstack/vue-query'
import { computed, onScopeDispose, ref, watch } from 'vue'
import { useRoute } from 'vue-router'
import type { LiveStep } from '@/api/generated'
import { startLive, type LiveState } from '@/shared/live'
import { keys, spreadRow } from './desk'

export const liveState = ref<LiveState>('connecting')

/** Many steps in a moment (a rush of tickets) ask for lists and counters once. */
const PATIENCE = 400

export function useLive(): void {
  const client = useQueryClient()
  let timer: number | undefined
  let greeted = false

  function refresh(): void {
    window.clearTimeout(timer)
    timer = window.setTimeout(() => {
      void client.invalidateQueries({ queryKey: keys.counters })
      void client.invalidateQueries({ queryKey: keys.lists })
    }, PATIENCE)
  }

  const feed = startLive<LiveStep>({
    url: '/api/v1/live',
    onState: (state) => (liveState.value = state),
    onHello() {
      if (greeted) void client.invalidateQueries()
      greeted = true
    },
    onStep(step) {
      if (!step.ticket) {
        void client.invalidateQueries({ queryKey: keys.firm })
        void client.invalidateQueries({ queryKey: keys.session })
        void client.invalidateQueries({ queryKey: keys.groups })
        void client.invalidateQueries({ queryKey: keys.channels })
        void client.invalidateQueries({ queryKey: keys.configuration })
        void client.invalidateQueries({ queryKey: ['rosters'] })
        return
      }
      spreadRow(client, step.ticket)
      void client.invalidateQueries({ queryKey: keys.ticket(step.ticket.number) })
      if (step.kind === 'notice_failed') {
        void client.invalidateQueries({ queryKey: keys.deliveries })
      }
      refresh()
    },
  })
  const route = useRoute()
  const isSeen = ref(!document.hidden)
  const shown = computed(() =>
    isSeen.value && route.name === 'ticket' ? Number(route.params.number) : null,
  )
  const see = (): void => {
    isSeen.value = !document.hidden
  }
  document.addEventListener('visibilitychange', see)
  // who looks at a ticket need not be told in chat what its customer writes
  watch(shown, (ticket) => feed.look(ticket), { immediate: true })
  onScopeDispose(() => {
    document.removeEventListener('visibilitychange', see)
    window.clearTimeout(timer)
    feed.stop()
  })
}
