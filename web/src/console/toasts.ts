/** Short words at the edge of the screen: what was done and can be undone, what was refused. */
import { reactive } from 'vue'

export interface Toast {
  id: number
  tone: 'done' | 'refused'
  text: string
  detail?: string
  /** At most one of a kind is shown: a newer one takes the older one's place. Without a kind its
   * words are one. */
  kind?: string
  undo?: () => void
}

const SHORT = 4_000
const LONG = 10_000
/** More would cover the head of a page on a phone. */
const MOST = 2
let last = 0

export const toasts = reactive<Toast[]>([])

export function showToast(toast: Omit<Toast, 'id'>): void {
  last += 1
  const older = toasts.find((one) => kindOf(one) === kindOf(toast))
  if (older) dropToast(older.id)
  // what did not work is over once something else happened; it would only hide the buttons
  for (const one of toasts.filter(({ tone }) => tone === 'refused')) dropToast(one.id)
  const id = last
  const first = toasts.find(({ undo }) => !undo) ?? toasts[0]
  if (first && toasts.length >= MOST) dropToast(first.id)
  toasts.push({ ...toast, id })
  window.setTimeout(() => dropToast(id), toast.undo || toast.tone === 'refused' ? LONG : SHORT)
}

export function dropToast(id: number): void {
  const place = toasts.findIndex((toast) => toast.id === id)
  if (place >= 0) toasts.splice(place, 1)
}

const kindOf = (toast: Omit<Toast, 'id'>) => toast.kind ?? `${toast.tone} ${toast.text}`
