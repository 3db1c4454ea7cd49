/** Which parts of a long list are near enough to the eye to exist; the others are empty space. */
import { onBeforeUnmount, type Ref, shallowRef } from 'vue'

/** Rows that come and go together. */
export const CHUNK = 25

/** How far outside the window a part is made ready. */
const AHEAD = 600

export interface Chunk<T> {
  /** The place of its first row in the list. */
  from: number
  rows: T[]
}

export function chunksOf<T>(rows: T[]): Chunk<T>[] {
  return Array.from({ length: Math.ceil(rows.length / CHUNK) }, (_, index) => ({
    from: index * CHUNK,
    rows: rows.slice(index * CHUNK, (index + 1) * CHUNK),
  }))
}

/** The part that a row is in; -1 for no row. */
export const partOf = (row: number) => Math.floor(row / CHUNK)

export interface Nearness {
  /** The parts that exist. */
  near: Ref<ReadonlySet<number>>
  /** The space that a part of so many rows takes while it does not, in pixels. */
  room: (part: number, rows: number) => number
  /** A part has got its element. */
  follow: (element: HTMLElement, part: number) => void
  /** A part has gone: the list is shorter. */
  leave: (element: HTMLElement, part: number) => void
  /** Let this part exist whether it is near or not, until another one is shown; -1 for none. */
  show: (part: number) => void
}

/** The height of a row that was never measured. */
const USUAL = 52

export function useNearness(parts: () => number): Nearness {
  const seen = new Set<number>([0])
  let shown = -1
  const near = shallowRef<ReadonlySet<number>>(new Set(seen))
  const places = new WeakMap<Element, number>()
  const heights = new Map<number, number>()
  let usual = USUAL

  function settle(): void {
    const now = new Set([...seen, shown].filter((part) => part >= 0 && part < parts()))
    const same = now.size === near.value.size && [...now].every((part) => near.value.has(part))
    if (!same) near.value = now
  }

  const eye = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        const part = places.get(entry.target)
        if (part === undefined) continue
        if (entry.isIntersecting) seen.add(part)
        else {
          seen.delete(part)
          measure(part, entry)
        }
      }
      settle()
    },
    { rootMargin: `${AHEAD}px 0px` },
  )

  function measure(part: number, entry: IntersectionObserverEntry): void {
    const rows = entry.target.childElementCount
    if (rows === 0) return // it was space already
    heights.set(part, entry.boundingClientRect.height)
    usual = entry.boundingClientRect.height / rows
  }

  function follow(element: HTMLElement, part: number): void {
    places.set(element, part)
    eye.observe(element)
  }

  function leave(element: HTMLElement, part: number): void {
    eye.unobserve(element)
    seen.delete(part)
    settle()
  }

  function show(part: number): void {
    shown = part
    settle()
  }

  onBeforeUnmount(() => eye.disconnect())
  return {
    near,
    room: (part, rows) => (rows === CHUNK ? heights.get(part) : undefined) ?? rows * usual,
    follow,
    leave,
    show,
  }
}
