import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Language } from '@/shared/language'

/** The page's language, for what is put into words outside the word lists. */
export function useTongue(): ComputedRef<Language> {
  const { locale } = useI18n()
  return computed(() => (locale.value === 'en' ? 'en' : 'zh'))
}
