/** What was typed and not sent, by ticket and tab, so that a reload loses nothing. */
const PREFIX = 'paidan.draft.'
const OLDEST = 30 * 24 * 3600_000

interface Kept {
  text: string
  at: number
}

export function readDraft(name: string): string {
  try {
    const kept = JSON.parse(localStorage.getItem(PREFIX + name) ?? 'null') as Kept | null
    return kept?.text ?? ''
  } catch {
    return ''
  }
}

export function keepDraft(name: string, text: string, now = Date.now()): void {
  try {
    if (text.trim()) localStorage.setItem(PREFIX + name, JSON.stringify({ text, at: now }))
    else localStorage.removeItem(PREFIX + name)
  } catch {
    // storage is full or forbidden: the text is still in the box
  }
}

/** Drafts that nobody came back to for a month. */
export function dropOldDrafts(now = Date.now()): void {
  for (let index = localStorage.length - 1; index >= 0; index -= 1) {
    const name = localStorage.key(index)
    if (!name?.startsWith(PREFIX)) continue
    try {
      const kept = JSON.parse(localStorage.getItem(name) ?? '{}') as Partial<Kept>
      if (now - (kept.at ?? 0) > OLDEST) localStorage.removeItem(name)
    } catch {
      localStorage.removeItem(name)
    }
  }
}
