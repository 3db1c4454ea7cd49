/** The customers' part of the desk's HTTP API (server/api/schemas.py): shapes and calls. */
import { ask, Refused, type Method } from '@/shared/ask'

export interface Portal {
  name: string
  greeting: string
  categories: string[]
  zone: string
}

export interface Filing {
  key: string
  text: string
  name: string
  subject?: string
  phone: string
  email: string
  company: string
  category: string | null
}

export interface Receipt {
  number: number
  token: string
  link: string
  answer_by: string | null
  repeated: boolean
}

export interface PublicMessage {
  id: number
  mine: boolean
  author: string
  text: string
  at: string
}

export interface PublicStep {
  step: number
  label: string
  at: string | null
}

export type Permitted = 'reply' | 'confirm' | 'dispute' | 'nudge' | 'rate'

export interface Progress {
  number: number
  subject: string
  firm: string
  public_step: number
  steps: PublicStep[]
  assignee: string | null
  answer_by: string | null
  messages: PublicMessage[]
  can: string[]
  rating: number | null
  resolved_at: string | null
  closed_at: string | null
  now: string
}

const PATIENCE = 20_000
const PASSING = new Set([0, 408, 502, 503, 504])

/** The desk's own no. Null when nobody knows whether the call arrived: the network broke, the
 * answer was late, or a proxy could not reach the desk. */
export function noOf(reason: unknown): Refused | null {
  return reason instanceof Refused && !PASSING.has(reason.status) ? reason : null
}

/** Asks with a limit, so that a mute connection ends as one that broke. */
async function call<Answer>(method: Method, path: string, body?: object): Promise<Answer> {
  const patience = new AbortController()
  const timer = setTimeout(() => patience.abort(), PATIENCE)
  try {
    return await ask<Answer>(method, `/portal${path}`, { body, signal: patience.signal })
  } finally {
    clearTimeout(timer)
  }
}

const at = (token: string, rest = '') => `/tickets/${encodeURIComponent(token)}${rest}`

export const readPortal = () => call<Portal>('GET', '')
export const readProgress = (token: string) => call<Progress>('GET', at(token))
export const fileTicket = (filing: Filing) => call<Receipt>('POST', '/tickets', filing)
export const say = (token: string, key: string, text: string) =>
  call<unknown>('POST', at(token, '/messages'), { key, text })
export const confirmSolved = (token: string) => call<unknown>('POST', at(token, '/confirm'))
export const disputeSolved = (token: string, text: string) =>
  call<unknown>('POST', at(token, '/dispute'), { text })
export const nudge = (token: string) => call<unknown>('POST', at(token, '/nudge'))
export const rate = (token: string, score: number, comment: string) =>
  call<unknown>('POST', at(token, '/rating'), { score, comment })
