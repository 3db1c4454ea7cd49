/** A customer's command: one at a time, with its refusal in words. */
import { ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Problem } from '@/shared/ask'
import { noOf } from './wire'

export function useAct() {
  const { t } = useI18n()
  const busy = ref(false)
  const wrong = ref('')
  const problem = ref<Problem | null>(null)

  /** Null when it did not work; `wrong` then says why. */
  async function act<Answer>(command: () => Promise<Answer>): Promise<Answer | null> {
    if (busy.value) return null
    busy.value = true
    wrong.value = ''
    problem.value = null
    try {
      return await command()
    } catch (reason) {
      const no = noOf(reason)
      problem.value = no?.problem ?? null
      wrong.value = no ? no.problem.message || t('act.failed') : t('act.offline')
      return null
    } finally {
      busy.value = false
    }
  }

  return { busy, wrong, problem, act }
}
