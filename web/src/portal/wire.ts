/** The customers' part of the desk's HTTP API: shapes and calls. */
import type {
  PortalShown,
  ProgressShown,
  PublicMessage,
  PublicStep,
  Receipt,
  Request as Filing,
} from '@/api/generated'
import { ask, Refused, type Method } from '@/shared/ask'

export type { PortalShown as Portal, ProgressShown as Progress, PublicMessage, PublicStep, Receipt }

/** What a customer may do with his ticket: the values of `Progress.can`. */
export type Permitted = 'reply' | 'confirm' | 'dispute' | 'nudge' | 'rate'

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

export const readPortal = () => call<PortalShown>('GET', '')
export const readProgress = (token: string) => call<ProgressShown>('GET', at(token))
export const fileTicket = (filing: Filing) => call<Receipt>('POST', '/tickets', filing)
export const say = (token: string, key: string, text: string) =>
  call<ProgressShown>('POST', at(token, '/messages'), { key, text })
export const confirmSolved = (token: string) => call<ProgressShown>('POST', at(token, '/confirm'))
export const disputeSolved = (token: string, text: string) =>
  call<ProgressShown>('POST', at(token, '/dispute'), { text })
export const nudge = (token: string) => call<ProgressShown>('POST', at(token, '/nudge'))
export const rate = (token: string, score: number, comment: string) =>
  call<ProgressShown>('POST', at(token, '/rating'), { score, comment })
