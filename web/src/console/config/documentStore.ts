/** Reading and saving configured things: one function per question, one key per cached answer. */
import { useQuery } from '@tanstack/vue-query'
import { computed, type MaybeRefOrGetter, toValue } from 'vue'
import type { Document, VersionShown } from '@/api/generated'
import { ask, Refused } from '@/shared/ask'
import { desk, keys, readDocument } from '../desk'

export const configKeys = {
  all: keys.configuration,
  kind: (kind: string) => [...keys.configuration, kind] as const,
  one: (kind: string, id: string) => [...keys.configuration, kind, id] as const,
  versions: (kind: string, id: string) => [...keys.configuration, kind, id, 'versions'] as const,
}

export const listDocuments = (kind: string) =>
  ask<Document[]>('GET', `/configuration/${kind}`)

export const listVersions = (kind: string, id: string) =>
  ask<VersionShown[]>('GET', `/configuration/${kind}/${encodeURIComponent(id)}/versions`)

/** The document, or null: nothing was saved under this id yet. */
export async function findDocument(kind: string, id: string): Promise<Document | null> {
  try {
    return await readDocument(kind, id)
  } catch (reason) {
    if (reason instanceof Refused && reason.status === 404) return null
    throw reason
  }
}

/** The document, or null; asked for among all of its kind, because it may well not be there. */
export async function findAmong(kind: string, id: string): Promise<Document | null> {
  return (await listDocuments(kind)).find((one) => one.id === id) ?? null
}

/** All of a kind, with the document as its own type. */
export function useDocuments<T>(kind: string, enabled: MaybeRefOrGetter<boolean> = true) {
  const query = useQuery({
    queryKey: configKeys.kind(kind),
    queryFn: () => listDocuments(kind),
    enabled: () => toValue(enabled),
    staleTime: 30_000,
  })
  const documents = computed(() =>
    (query.data.value ?? []).map((one) => ({
      ...(one.doc as T),
      id: one.id,
      version: one.version,
    })),
  )
  return { query, documents }
}

/** Something was saved: every list and menu that shows it is asked again. */
export function spreadDocument(saved: Document): void {
  desk.setQueryData<Document | null>(configKeys.one(saved.kind, saved.id), saved)
  void desk.invalidateQueries({ queryKey: configKeys.kind(saved.kind) })
  void desk.invalidateQueries({ queryKey: keys.firm })
}
