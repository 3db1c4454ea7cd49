/** Asking about the systems that are told, and what became of what they were told. */
import { useQuery } from '@tanstack/vue-query'
import type { DeliveryShown, WebhookState } from '@/api/generated'
import { ask } from '@/shared/ask'
import { configKeys } from '../documentStore'

const place = (id: string) => `/webhooks/${encodeURIComponent(id)}`

export const webhookKeys = {
  states: [...configKeys.all, 'webhook-states'] as const,
  told: (id: string) => [...configKeys.all, 'webhook-told', id] as const,
}

export const saveSecret = (id: string, secret: string) =>
  ask<null>('PUT', `${place(id)}/secret`, { body: { secret } })
export const tryWebhook = (id: string) => ask<null>('POST', `${place(id)}/trial`)

export const useStates = () =>
  useQuery({
    queryKey: webhookKeys.states,
    queryFn: () => ask<WebhookState[]>('GET', '/webhooks'),
  })

const onItsWay = (one: DeliveryShown) => one.state === 'sending' || (one.state === 'waiting' && !one.tries)

/** What a system was told lately; asked again soon while something is on its way. */
export const useTold = (id: string, enabled: () => boolean) =>
  useQuery({
    queryKey: webhookKeys.told(id),
    queryFn: () => ask<DeliveryShown[]>('GET', `${place(id)}/deliveries`),
    enabled,
    refetchInterval: (query) => (query.state.data?.some(onItsWay) ? 1_000 : 30_000),
  })

/** 32 random bytes, in letters that survive every form and shell. */
export function drawSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32))
  return btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=/g, '')
}
