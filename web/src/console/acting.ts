/** Give a ticket's command: shown at once, rolled back with the reason when it is refused. */
import { useQueryClient } from '@tanstack/vue-query'
import { ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { FirmShown, SessionState, TicketShown } from '@/api/generated'
import { Refused } from '@/shared/ask'
import { command, keys, namesFrom, spreadRow } from './desk'
import { guess, undoOf, type Wish } from './optimism'
import { showToast } from './toasts'

export function useActing() {
  const client = useQueryClient()
  const { t } = useI18n()
  const busy = ref(false)

  /** True when it was done. */
  async function act(number: number, wish: Wish, quiet = false): Promise<boolean> {
    const me = client.getQueryData<SessionState>(keys.session)?.me
    const shown = client.getQueryData<TicketShown>(keys.ticket(number))
    if (!me || !shown) return false
    const before = shown.ticket
    const firm = client.getQueryData<FirmShown>(keys.firm)
    await client.cancelQueries({ queryKey: keys.ticket(number) })
    spreadRow(client, guess(before, wish, namesFrom(me, firm)), true)
    busy.value = true
    try {
      const done = await command(number, wish)
      spreadRow(client, done.ticket)
      client.setQueryData<TicketShown>(keys.ticket(number), (old) =>
        old ? { ...old, ticket: done.ticket, allowed: done.allowed } : old,
      )
      if (!quiet) praise(number, wish, undoOf(before, wish))
      return true
    } catch (reason) {
      spreadRow(client, before, true)
      complain(reason, t(`command.${wish.command}`))
      return false
    } finally {
      busy.value = false
      void client.invalidateQueries({ queryKey: keys.ticket(number) })
      void client.invalidateQueries({ queryKey: keys.counters })
      void client.invalidateQueries({ queryKey: keys.lists })
    }
  }

  function praise(number: number, wish: Wish, undo: Wish | null): void {
    showToast({
      tone: 'done',
      text: t(`done.${wish.command}`, { number }),
      undo: undo ? () => void act(number, undo, true) : undefined,
    })
  }

  function complain(reason: unknown, what: string): void {
    const refused = reason instanceof Refused ? reason : null
    const text = refused?.problem.message || t(refused?.unreachable ? 'error.offline' : 'error.odd')
    const incident = refused?.problem.incident
    showToast({
      tone: 'refused',
      kind: 'refused',
      text: t('error.notDone', { what }),
      detail: incident ? `${text} ${t('error.incident', { incident })}` : text,
    })
  }

  return { act, busy, complain }
}
