/** Names of what configuration refers to, for menus and sentences. */
import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Priority, StatusCategory } from '@/api/generated'
import { useFirm, useSession } from '../desk'
import { PRIORITIES } from '../listing'
import { useDocuments } from './documentStore'
import { BUILT_IN, isBuiltIn } from './metrics/metric'

export interface Named {
  id: string
  label: string
}

export const WAITING: StatusCategory[] = ['waiting_customer', 'waiting_third', 'waiting_internal']
export const CHANNELS = ['portal', 'web', 'api', 'dingtalk'] as const

interface Nameable {
  name?: string | Record<string, string>
}

export function useNames() {
  const { t, te, locale } = useI18n()
  const { data: firm } = useFirm()
  const session = useSession()
  const looks = computed(() => session.mayLook.value)
  const queues = useDocuments<Nameable>('queue', looks)
  const calendars = useDocuments<Nameable>('calendar', looks)
  const policies = useDocuments<Nameable>('policy', looks)
  const metrics = useDocuments<Nameable>('metric', looks)
  const stores = useDocuments<Nameable>('store', looks)
  const ladders = useDocuments<Nameable>('ladder', looks)

  const named = (one: Nameable & { id: string }): Named => {
    const name = typeof one.name === 'object' ? one.name[locale.value] || one.name.zh : one.name
    return { id: one.id, label: name || one.id }
  }
  const fixed = <Id extends string>(prefix: string, ids: readonly Id[]) =>
    ids.map((id) => ({ id, label: te(`${prefix}.${id}`) ? t(`${prefix}.${id}`) : id }))

  return {
    firm,
    teams: computed(() => (firm.value?.teams ?? []).map((one) => ({ id: one.id, label: one.name }))),
    people: computed(() =>
      (firm.value?.staff ?? [])
        .filter((one) => one.active)
        .map((one) => ({ id: one.id, label: one.name, hint: t(`role.${one.role}`) })),
    ),
    categories: computed(() =>
      (firm.value?.categories ?? []).map((one) => ({ id: one, label: one })),
    ),
    skills: computed(() => firm.value?.skills ?? []),
    queues: computed(() => queues.documents.value.map(named)),
    calendars: computed(() => calendars.documents.value.map(named)),
    policies: computed(() => policies.documents.value.map(named)),
    stores: computed(() => stores.documents.value.map(named)),
    priorities: computed(() => fixed<Priority>('priority', PRIORITIES)),
    channels: computed(() => fixed('via', CHANNELS)),
    levels: computed(() => fixed('config.level', ['normal', 'vip'])),
    waiting: computed(() => fixed<StatusCategory>('config.waiting', WAITING)),
    metrics: computed(() => {
      const saved = metrics.documents.value
      const own = saved.filter((one) => !isBuiltIn(one.id)).map(named)
      const known = fixed(
        'config.metric',
        BUILT_IN.map((one) => one.id),
      ).map((one) => {
        const renamed = saved.find((other) => other.id === one.id)
        const label = renamed && named(renamed).label
        return label && label !== one.id ? { id: one.id, label } : one
      })
      return [...known, ...own]
    }),
    ladders: computed(() => {
      const saved = ladders.documents.value.map(named)
      return saved.some((one) => one.id === 'default')
        ? saved
        : [{ id: 'default', label: t('config.ladders.builtIn') }, ...saved]
    }),
    nameOf: (options: readonly Named[], id: string) =>
      options.find((one) => one.id === id)?.label ?? id,
  }
}

export type Names = ReturnType<typeof useNames>
