/** Nobody loses what was typed: leaving a page with an unsaved draft asks first. */
import { reactive } from 'vue'
import { router } from '../router'

interface Guard {
  dirty: () => boolean
  save: () => Promise<boolean>
}

export type Leaving = 'save' | 'drop' | 'stay'

const guards = new Set<Guard>()

/** What the dialog shows; `answer` is called with the choice. */
export const leaving = reactive<{ asked: boolean; answer: (how: Leaving) => void }>({
  asked: false,
  answer: () => undefined,
})

const unsaved = () => [...guards].filter((one) => one.dirty())

function warn(event: BeforeUnloadEvent): void {
  if (unsaved().length) event.preventDefault()
}

/** Returns what ends the guard. */
export function guardUnsaved(dirty: () => boolean, save: () => Promise<boolean>): () => void {
  const guard = { dirty, save }
  if (guards.size === 0) window.addEventListener('beforeunload', warn)
  guards.add(guard)
  return () => {
    guards.delete(guard)
    if (guards.size === 0) window.removeEventListener('beforeunload', warn)
  }
}

router.beforeEach(async (to, from) => {
  const open = unsaved()
  if (!open.length || to.path === from.path) return true
  const how = await new Promise<Leaving>((choose) => {
    leaving.answer('stay') // an earlier question is overtaken
    leaving.asked = true
    leaving.answer = (chosen) => {
      leaving.asked = false
      leaving.answer = () => undefined
      choose(chosen)
    }
  })
  if (how === 'stay') return false
  if (how === 'drop') return true
  for (const one of open) if (!(await one.save())) return false
  return true
})
