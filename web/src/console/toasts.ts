/** Short words at the edge of the screen: what was done and can be undone, what was refused. */
import { reactive } from 'vue'

export interface Toast {
  id: number
  tone: 'done' | 'refused'
  text: string
  detail?: string
  undo?: () => void
}

const SHORT = 4_000
const LONG = 10_000
let last = 0

export const toasts = reactive<Toast[]>([])

export function showToast(toast: Omit<Toast, 'id'>): void {
  last += 1
  const id = last
  toasts.push({ ...toast, id })
  if (toasts.length > 3) toasts.shift()
  window.setTimeout(() => dropToast(id), toast.undo || toast.tone === 'refused' ? LONG : SHORT)
}

export function dropToast(id: number): void {
  const place = toasts.findIndex((toast) => toast.id === id)
  if (place >= 0) toasts.splice(place, 1)
}
