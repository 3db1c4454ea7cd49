/** A form's troubles: which field is wrong and what the server said about the rest. */
import { ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { Refused } from '@/shared/ask'

export function useFormTrouble() {
  const { t } = useI18n()
  const fields = ref<Record<string, string>>({})
  const trouble = ref('')
  const busy = ref(false)

  /** Runs and returns the answer, or null with `fields` and `trouble` set. */
  async function attempt<T>(work: () => Promise<T>): Promise<T | null> {
    fields.value = {}
    trouble.value = ''
    busy.value = true
    try {
      return await work()
    } catch (reason) {
      if (!(reason instanceof Refused)) throw reason
      fields.value = reason.problem.fields ?? {}
      const incident = reason.problem.incident
      trouble.value = [
        reason.problem.message || t(reason.unreachable ? 'error.offline' : 'error.odd'),
        incident ? t('error.incident', { incident }) : '',
      ].join(' ')
      return null
    } finally {
      busy.value = false
    }
  }

  return { fields, trouble, busy, attempt }
}
