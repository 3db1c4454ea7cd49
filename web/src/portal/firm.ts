/** The firm's face, read once for all pages: its name, greeting, categories and zone. */
import { shallowRef } from 'vue'
import { readPortal, type Portal } from './wire'

export const firm = shallowRef<Portal | null>(null)
/** Why the firm could not be read; null when it was, or when it is being read. */
export const firmTrouble = shallowRef<unknown>(null)

export async function readFirm(): Promise<void> {
  firmTrouble.value = null
  try {
    firm.value = await readPortal()
  } catch (reason) {
    firmTrouble.value = reason
  }
}
