/** Editing one configured thing: a draft beside what is saved, its version, and who came between. */
import { useQuery } from '@tanstack/vue-query'
import { computed, onScopeDispose, ref, type Ref, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Document } from '@/api/generated'
import { Refused } from '@/shared/ask'
import { saveDocument, useSession } from '../desk'
import { showToast } from '../toasts'
import { configKeys, findAmong, findDocument, listVersions, spreadDocument } from './documentStore'
import { guardUnsaved } from './leavingGuard'

export interface Conflict<T> {
  version: number
  doc: T
  by: string
  at: string
}

export interface Editing<T> {
  kind: string
  id: string
  draft: Ref<T | null>
  saved: Ref<T | null>
  version: Ref<number>
  dirty: Ref<boolean>
  /** Field (its first name in the document) → what is wrong with it. */
  wrong: Ref<Record<string, string>>
  trouble: Ref<string>
  busy: Ref<boolean>
  conflict: Ref<Conflict<T> | null>
  loading: Ref<boolean>
  failed: Ref<unknown>
  mayEdit: Ref<boolean>
  reload: () => void
  undo: () => void
  save: () => Promise<boolean>
  /** The draft as it would be sent. */
  sending: () => object
  takeTheirs: () => void
  keepMine: () => void
}

export interface EditingOptions<T> {
  kind: string
  id: string
  /** What a new one starts with; without it an unknown id is shown as missing. */
  blank?: () => T
  /** The blank one is in force already, although nobody saved it. */
  builtIn?: boolean
  /** What every field must have, whatever an older version left out. */
  complete?: (doc: T) => T
  /** What is sent of a draft; the draft itself, unless told. */
  prepare?: (draft: T) => T
  /** Field → what is wrong with it, as words. Nothing is sent while something is. */
  check?: (draft: T) => Record<string, string>
  /** What the toast calls it. */
  title?: (draft: T) => string
}

/** What a supervisor reads and only an administrator changes. */
const ADMINISTERED = ['profile', 'webhook']

export const clone = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T

export function useEditing<T extends object>(options: EditingOptions<T>): Editing<T> {
  const { t } = useI18n()
  const session = useSession()
  const { kind, id } = options
  const query = useQuery({
    queryKey: configKeys.one(kind, id),
    queryFn: () => (options.blank ? findAmong(kind, id) : findDocument(kind, id)),
    staleTime: 0,
  })

  const draft = ref<T | null>(null) as Ref<T | null>
  const saved = ref<T | null>(null) as Ref<T | null>
  const version = ref(0)
  const busy = ref(false)
  const trouble = ref('')
  const refusedFields = ref<Record<string, string>>({})
  const checked = ref(false)
  const conflict = ref<Conflict<T> | null>(null) as Ref<Conflict<T> | null>
  const missing = ref(false)

  const dirty = computed(
    () => draft.value !== null && JSON.stringify(draft.value) !== JSON.stringify(saved.value),
  )
  const ownFaults = computed(() =>
    draft.value && options.check ? options.check(draft.value) : {},
  )
  const wrong = computed(() => ({
    ...(checked.value ? ownFaults.value : {}),
    ...refusedFields.value,
  }))

  function fill(doc: T, number: number): void {
    const whole = options.complete ? options.complete(clone(doc)) : clone(doc)
    saved.value = whole
    draft.value = clone(whole)
    version.value = number
    conflict.value = null
    trouble.value = ''
    refusedFields.value = {}
    checked.value = false
  }

  async function meet(document: Document): Promise<void> {
    const versions = await listVersions(kind, id).catch(() => [])
    const newest = versions.find((one) => one.version === document.version)
    const doc = document.doc as T
    conflict.value = {
      version: document.version,
      doc: options.complete ? options.complete(clone(doc)) : doc,
      by: newest?.by ?? '',
      at: newest?.at ?? '',
    }
  }

  watch(
    () => query.data.value,
    (document) => {
      if (document === undefined) return
      if (document === null) {
        if (draft.value !== null) return
        if (options.blank) {
          fill(options.blank(), 0)
          if (!options.builtIn) saved.value = null // a new thing is unsaved from the start
        } else missing.value = true
        return
      }
      missing.value = false
      if (document.version <= version.value && draft.value !== null) return
      if (!dirty.value) fill(document.doc as T, document.version)
      else void meet(document)
    },
    { immediate: true },
  )

  function undo(): void {
    if (saved.value === null) {
      if (options.blank) draft.value = options.blank()
      return
    }
    fill(saved.value, version.value)
  }

  const prepared = (doc: T) => withoutVersion(options.prepare ? options.prepare(doc) : doc)
  const sending = () => (draft.value ? prepared(clone(draft.value)) : {})

  async function save(): Promise<boolean> {
    if (draft.value === null || busy.value) return false
    checked.value = true
    refusedFields.value = {}
    trouble.value = ''
    if (Object.keys(ownFaults.value).length) {
      trouble.value = t('config.checkFields')
      return false
    }
    busy.value = true
    const sent = clone(draft.value)
    try {
      const document = await saveDocument(kind, id, prepared(sent), version.value)
      const later = JSON.stringify(draft.value) !== JSON.stringify(sent) ? clone(draft.value) : null
      fill(document.doc as T, document.version)
      if (later) draft.value = later // typed while the answer was on its way
      spreadDocument(document)
      const name = options.title?.(sent) ?? ''
      showToast({
        tone: 'done',
        kind: `saved-${kind}`,
        text: t('config.savedAs', { name, version: document.version }),
      })
      return true
    } catch (reason) {
      await refuse(reason)
      return false
    } finally {
      busy.value = false
    }
  }

  async function refuse(reason: unknown): Promise<void> {
    if (!(reason instanceof Refused)) throw reason
    if (reason.code === 'changed_meanwhile') {
      const document = await findDocument(kind, id).catch(() => null)
      if (document) return meet(document)
    }
    refusedFields.value = fieldsOf(reason)
    const incident = reason.problem.incident
    const said = reason.problem.message || t(reason.unreachable ? 'error.offline' : 'error.odd')
    trouble.value = incident ? `${said} ${t('error.incident', { incident })}` : said
  }

  function takeTheirs(): void {
    if (conflict.value) fill(conflict.value.doc, conflict.value.version)
  }

  /** My draft stays, and is from now on a change of their version. */
  function keepMine(): void {
    if (!conflict.value) return
    version.value = conflict.value.version
    saved.value = clone(conflict.value.doc)
    conflict.value = null
    trouble.value = ''
  }

  const release = guardUnsaved(() => dirty.value && mayEdit.value, save)
  onScopeDispose(release)

  const mayEdit = computed(
    () => session.mayLead.value && (!ADMINISTERED.includes(kind) || session.mayAdminister.value),
  )
  return {
    kind,
    id,
    draft,
    saved,
    version,
    dirty,
    wrong,
    trouble,
    busy,
    conflict,
    loading: computed(() => draft.value === null && !missing.value && !query.isError.value),
    failed: computed(() =>
      missing.value
        ? new Refused(404, { error: 'unknown_configuration', message: '' })
        : draft.value === null
          ? query.error.value
          : null,
    ),
    mayEdit,
    reload: () => void query.refetch(),
    undo,
    save,
    sending,
    takeTheirs,
    keepMine,
  }
}

/** Versions are the desk's: what is sent carries none. */
function withoutVersion<T extends object>(doc: T): object {
  const { version: _version, ...rest } = doc as T & { version?: number }
  return rest
}

/** "doc.targets.first" and "targets" both belong to the field `targets`. */
export function fieldsOf(reason: Refused): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [path, words] of Object.entries(reason.problem.fields ?? {})) {
    const field = path.replace(/^\$?\.?(doc\.?)?/, '').split(/[.[]/)[0]
    if (field) found[field] = words
  }
  return found
}
