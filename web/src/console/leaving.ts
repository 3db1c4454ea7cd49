import { desk, keys, signOut } from './desk'
import { router } from './router'

/** Sign out: nothing that was read stays in this tab. */
export async function leave(): Promise<void> {
  try {
    await signOut()
  } finally {
    desk.clear()
    await desk.invalidateQueries({ queryKey: keys.session })
    window.location.assign(router.resolve({ name: 'sign-in' }).href)
  }
}
