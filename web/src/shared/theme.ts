/** Light or dark: the reader's choice, else the system's. Sets the class that tokens.css reads. */
import { ref } from 'vue'

export type Theme = 'light' | 'dark' | 'system'

const KEPT = 'paidan.theme'
const system = window.matchMedia?.('(prefers-color-scheme: dark)')

export const theme = ref<Theme>(kept())

/** What is shown now. */
export const dark = ref(false)

export function chooseTheme(wanted: Theme): void {
  theme.value = wanted
  if (wanted === 'system') localStorage.removeItem(KEPT)
  else localStorage.setItem(KEPT, wanted)
  show()
}

/** Called once, before the first paint. */
export function startTheme(): void {
  show()
  system?.addEventListener?.('change', show)
}

function kept(): Theme {
  const value = localStorage.getItem(KEPT)
  return value === 'light' || value === 'dark' ? value : 'system'
}

function show(): void {
  dark.value = theme.value === 'dark' || (theme.value === 'system' && !!system?.matches)
  document.documentElement.classList.toggle('dark', dark.value)
  // Vant looks for its own class
  document.documentElement.classList.toggle('van-theme-dark', dark.value)
}
