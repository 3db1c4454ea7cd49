/** What this device keeps for the customer. Private windows may refuse localStorage: then it is
 * kept for as long as the page is open. */

export interface Shelf {
  read(name: string): string | null
  write(name: string, value: string): void
  drop(name: string): void
}

const PREFIX = 'paidan.portal.'
const TICKETS = 'tickets'
const MOST = 8

export function shelfOver(storage: () => Storage): Shelf {
  const memory = new Map<string, string>()
  return {
    read(name) {
      try {
        return storage().getItem(PREFIX + name) ?? memory.get(name) ?? null
      } catch {
        return memory.get(name) ?? null
      }
    },
    write(name, value) {
      try {
        storage().setItem(PREFIX + name, value)
        memory.delete(name)
      } catch {
        memory.set(name, value)
      }
    },
    drop(name) {
      memory.delete(name)
      try {
        storage().removeItem(PREFIX + name)
      } catch {
        // nothing was kept there
      }
    },
  }
}

export const shelf = shelfOver(() => window.localStorage)

export function readKept<Kept>(from: Shelf, name: string): Kept | null {
  try {
    return JSON.parse(from.read(name) ?? 'null') as Kept | null
  } catch {
    return null
  }
}

/** A ticket that was filed from this device. */
export interface Filed {
  number: number
  token: string
  words: string
  at: string
}

export function listFiled(from: Shelf): Filed[] {
  const kept = readKept<Filed[]>(from, TICKETS)
  return Array.isArray(kept) ? kept : []
}

export function keepFiled(from: Shelf, filed: Filed): void {
  const others = listFiled(from).filter((known) => known.token !== filed.token)
  from.write(TICKETS, JSON.stringify([filed, ...others].slice(0, MOST)))
}

export function forgetFiled(from: Shelf): void {
  from.drop(TICKETS)
}
