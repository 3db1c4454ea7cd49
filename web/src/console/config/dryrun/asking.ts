/** 试运行: what would happen to a text or a ticket, also with unsaved documents. */
import { reactive, shallowRef } from 'vue'
import type { ClockShown, Priority, RoutingShown } from '@/api/generated'
import { ask } from '@/shared/ask'

export interface Drafts {
  [kind: string]: Record<string, object>
}

export interface RuleTried {
  rule: string
  name: string
  outcome: 'matched' | 'covered' | 'missed' | 'off'
  terms: string[]
  miss: { wanted: string[]; found: string } | null
}

export interface DryRunShown {
  at: string
  facts: Record<string, unknown>
  rules: RuleTried[]
  verdict: {
    queue: string
    team: string | null
    team_name: string | null
    priority: Priority
    why: string[]
    skills: Record<string, number>
    tags: string[]
    policy: string | null
    mode: 'automatic' | 'grab' | 'manual' | null
    rounds: number
  }
  routing: RoutingShown
  policy: string | null
  policy_name: string | null
  clocks: ClockShown[]
}

export interface Trial {
  by: 'text' | 'ticket'
  ticket: number | null
  subject: string
  text: string
  category: string
  customer_level: string
  urgency: Priority
  channel: string
  region: string
  product: string
  queue: string
  at: string
}

/** What was tried last stays while one goes from editor to editor. */
export const trial = reactive<Trial>({
  by: 'text',
  ticket: null,
  subject: '',
  text: '',
  category: '',
  customer_level: 'normal',
  urgency: 'normal',
  channel: 'portal',
  region: '',
  product: '',
  queue: 'default',
  at: '',
})

/** The unsaved document of the editor that is open, so that it can be tried before it is saved. */
export const unsaved = shallowRef<{ kind: string; id: string; doc: () => object } | null>(null)

export function runDry(drafts: Drafts, at: string | null): Promise<DryRunShown> {
  const { by, ticket, at: _at, ...text } = trial
  const body = by === 'ticket' ? { ticket } : text
  return ask<DryRunShown>('POST', '/dry-run', { body: { ...body, at, drafts } })
}
