/** Single-letter keys: off while somebody types or a dialog is open. */
import { onBeforeUnmount, onMounted } from 'vue'

export type Keys = Record<string, (event: KeyboardEvent) => void>

export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  )
}

/** A dialog that is fading out is closed: what is typed then is meant for the page. */
export function dialogIsOpen(): boolean {
  return Array.from(document.querySelectorAll<HTMLElement>('[aria-modal="true"]')).some(
    (dialog) =>
      dialog.getClientRects().length > 0 && !dialog.closest('[class*="-leave-active"]'),
  )
}

export function useKeys(keys: Keys): void {
  function press(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
    if (isTyping(event.target) || dialogIsOpen()) return
    const act = keys[event.key]
    if (!act) return
    event.preventDefault()
    act(event)
  }
  onMounted(() => window.addEventListener('keydown', press))
  onBeforeUnmount(() => window.removeEventListener('keydown', press))
}
