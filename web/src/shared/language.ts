/** The page's language: Chinese first, English on wish. Words are loaded for one language only. */
import { createI18n } from 'vue-i18n'

export type Language = 'zh' | 'en'
export type Words = { [key: string]: string | Words }
export type Loaders = Record<Language, () => Promise<{ default: Words }>>

const KEPT = 'paidan.language'

let account: Language | null = null

/** The signed-in colleague's language: the server's words come in it. */
export function setAccountLanguage(language: string | undefined): void {
  account = language === 'zh' || language === 'en' ? language : null
}

/** The language that was chosen on this device, else the account's, the browser's, Chinese. */
export function wantedLanguage(): Language {
  const value = localStorage.getItem(KEPT)
  if (value === 'zh' || value === 'en') return value
  if (account) return account
  return navigator.language.toLowerCase().startsWith('en') ? 'en' : 'zh'
}

/** Choosing a language loads the page again: every cached answer carries words too. */
export function chooseLanguage(language: Language): void {
  localStorage.setItem(KEPT, language)
  window.location.reload()
}

/** The value of `lang` and of Intl's locale. */
export function localeOf(language: Language): string {
  return language === 'zh' ? 'zh-CN' : 'en'
}

let started: { global: { mergeLocaleMessage(language: string, words: Words): void } } | null = null

/** More words, for pages that are rarely opened: they come with the page. */
export async function addWords(loaders: Loaders): Promise<void> {
  const language = wantedLanguage()
  started?.global.mergeLocaleMessage(language, (await loaders[language]()).default)
}

export async function startLanguage(loaders: Loaders) {
  const language = wantedLanguage()
  document.documentElement.lang = localeOf(language)
  const words = (await loaders[language]()).default
  const i18n = createI18n({
    legacy: false,
    locale: language,
    messages: { [language]: words } as Record<string, Words>,
    missingWarn: import.meta.env.DEV,
    fallbackWarn: false,
  })
  started = i18n as unknown as typeof started
  return i18n
}
