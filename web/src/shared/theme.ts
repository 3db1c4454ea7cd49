/** Light or dark: the reader's choice, else the system's. Sets the class that tokens.css reads. */
import { ref } from 'vue'

export type Theme = 'light' | 'dark' | 'system'

const KEPT = 'paidan.theme'
const system = window.matchMedia?.('(prefers-color-scheme: dark)')

export const theme = ref<Theme>(kept())

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
  const dark = theme.value === 'dark' || (theme.value === 'system' && !!system?.matches)
  document.documentElement.classList.toggle('dark', dark)
  // Vant looks for its own class
  document.documentElement.classList.toggle('van-theme-dark', dark)
}
