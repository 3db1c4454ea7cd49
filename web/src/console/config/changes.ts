/** What differs between two versions, field by field, in words that the editors use too. */
export interface Change {
  field: string
  before: unknown
  after: unknown
}

type Doc = Record<string, unknown>

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)
const empty = (value: unknown) =>
  value === undefined ||
  value === null ||
  value === '' ||
  (typeof value === 'object' && Object.keys(value).length === 0)

/** Top-level fields whose values differ; a field that is missing equals an empty one. */
export function changesOf(before: object | null, after: object): Change[] {
  const old = (before ?? {}) as Doc
  const now = after as Doc
  return [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .filter((field) => !['id', 'version'].includes(field))
    .filter((field) => !same(old[field], now[field]))
    .filter((field) => !(empty(old[field]) && empty(now[field])))
    .map((field) => ({ field, before: old[field], after: now[field] }))
}

/** Whether a value is short enough to be shown beside its field. */
export const isPlain = (value: unknown): value is string | number | boolean =>
  ['string', 'number', 'boolean'].includes(typeof value)
