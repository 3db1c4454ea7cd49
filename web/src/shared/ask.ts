/** One way to ask the server: JSON in, JSON out, one error shape. */
import { wantedLanguage } from './language'

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

export interface Problem {
  error: string
  message: string
  facts?: Record<string, unknown>
  fields?: Record<string, string>
  incident?: string | null
}

/** The server said no, or could not be reached (`status` 0, error "unreachable"). */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem,
  ) {
    super(problem.message || problem.error)
    this.name = 'Refused'
  }

  get code(): string {
    return this.problem.error
  }

  get unreachable(): boolean {
    return this.status === 0
  }
}

export interface Asking {
  query?: Record<string, string | number | boolean | null | undefined>
  body?: unknown
  /** Sent again with the same key, the server does nothing twice. */
  key?: string
  signal?: AbortSignal
}

/** Paths are relative to /api/v1. Throws `Refused`. */
export async function ask<Answer>(method: Method, path: string, asking: Asking = {}): Promise<Answer> {
  const response = await reach(method, path, asking)
  const text = await response.text()
  const answer = text ? parse(text) : null
  if (!response.ok) throw new Refused(response.status, problemOf(answer, response.status))
  return answer as Answer
}

async function reach(method: Method, path: string, asking: Asking): Promise<Response> {
  const headers: Record<string, string> = {
    Accept: 'application/json',
    'Accept-Language': wantedLanguage(),
  }
  if (asking.body !== undefined) headers['Content-Type'] = 'application/json'
  if (asking.key) headers['Idempotency-Key'] = asking.key
  try {
    return await fetch(`/api/v1${path}${queryOf(asking.query)}`, {
      method,
      headers,
      credentials: 'same-origin',
      body: asking.body === undefined ? undefined : JSON.stringify(asking.body),
      signal: asking.signal,
    })
  } catch (reason) {
    if (reason instanceof DOMException && reason.name === 'AbortError') throw reason
    throw new Refused(0, { error: 'unreachable', message: '' })
  }
}

export function queryOf(query: Asking['query']): string {
  const pairs = Object.entries(query ?? {}).filter(
    ([, value]) => value !== null && value !== undefined && value !== '',
  )
  if (pairs.length === 0) return ''
  return `?${new URLSearchParams(pairs.map(([name, value]) => [name, String(value)]))}`
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function problemOf(answer: unknown, status: number): Problem {
  if (answer && typeof answer === 'object' && 'error' in answer) return answer as Problem
  return { error: `status_${status}`, message: '' }
}

/** A key that nobody else chooses, also where `crypto.randomUUID` is missing (plain http). */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
