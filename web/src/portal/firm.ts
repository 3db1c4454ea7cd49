/** The firm's face, read once for all pages: its name, greeting, categories and zone. */
import { shallowRef } from 'vue'
import { readPortal, type Portal } from './wire'

export const firm = shallowRef<Portal | null>(null)
/** Why the firm could not be read; null when it was, or when it is being read. */
export const firmTrouble = shallowRef<unknown>(null)

const AGAIN = 8_000
let timer: ReturnType<typeof setTimeout> | undefined

/** Reads it, and again by itself until it was read. */
export async function readFirm(): Promise<void> {
  clearTimeout(timer)
  try {
    firm.value = await readPortal()
    firmTrouble.value = null
  } catch (reason) {
    firmTrouble.value = reason
    timer = setTimeout(readFirm, AGAIN)
  }
}
