/** Something that a customer writes and sends once. It is kept on the device from the first letter
 * on, with a key made when the sheet is opened; the key is sent again after a lost answer, so a
 * double tap or a broken connection files one thing. What could not be sent waits, visibly. */
import { reactive, ref, type Ref } from 'vue'
import { newKey, type Problem } from '@/shared/ask'
import { readKept, type Shelf } from './shelf'
import { noOf } from './wire'

export interface Sheet<Fields> {
  key: string
  fields: Fields
  /** Sent without an answer: to be sent again when the network is back. */
  waiting: boolean
  /** The fields, as JSON, of the first sending whose outcome is unknown; '' when there is none. */
  tried: string
}

export type Outcome<Answer> =
  | { kind: 'done'; answer: Answer }
  | { kind: 'refused'; problem: Problem }
  | { kind: 'waiting' }

export interface Outgoing<Fields, Answer> {
  sheet: Sheet<Fields>
  state: Ref<'writing' | 'sending' | 'waiting'>
  keep(): void
  send(): Promise<Outcome<Answer>>
  /** Stop waiting: the customer wants to change something. */
  edit(): void
  /** Begin a new sheet with a new key. */
  renew(): void
}

export interface Plan<Fields, Answer> {
  shelf: Shelf
  name: string
  blank: () => Fields
  deliver: (sheet: Sheet<Fields>) => Promise<Answer>
}

export function openOutgoing<Fields extends object, Answer>(
  plan: Plan<Fields, Answer>,
): Outgoing<Fields, Answer> {
  const fresh = { key: newKey(), fields: plan.blank(), waiting: false, tried: '' }
  const sheet = reactive(kept(plan) ?? fresh) as Sheet<Fields>
  const state = ref<'writing' | 'sending' | 'waiting'>(sheet.waiting ? 'waiting' : 'writing')
  let flight: Promise<Outcome<Answer>> | null = null

  const keep = () => plan.shelf.write(plan.name, JSON.stringify(sheet))

  function rest(waiting: boolean) {
    sheet.waiting = waiting
    state.value = waiting ? 'waiting' : 'writing'
    keep()
  }

  async function fly(): Promise<Outcome<Answer>> {
    const before = sheet.tried
    state.value = 'sending'
    if (!before) sheet.tried = JSON.stringify(sheet.fields)
    keep()
    try {
      const answer = await plan.deliver(sheet)
      state.value = 'writing'
      return { kind: 'done', answer }
    } catch (reason) {
      const no = noOf(reason)
      if (no && no.status < 500) sheet.tried = before
      rest(!no)
      return no ? { kind: 'refused', problem: no.problem } : { kind: 'waiting' }
    }
  }

  function send() {
    flight ??= fly().finally(() => (flight = null))
    return flight
  }

  function renew() {
    Object.assign(sheet.fields, plan.blank())
    Object.assign(sheet, { key: newKey(), waiting: false, tried: '' })
    state.value = 'writing'
    plan.shelf.drop(plan.name)
  }

  return { sheet, state, keep, send, edit: () => rest(false), renew }
}

function kept<Fields extends object, Answer>(plan: Plan<Fields, Answer>): Sheet<Fields> | null {
  const found = readKept<Sheet<Fields>>(plan.shelf, plan.name)
  if (!found || typeof found.key !== 'string' || typeof found.fields !== 'object') return null
  return {
    key: found.key,
    fields: { ...plan.blank(), ...found.fields },
    waiting: found.waiting === true,
    tried: typeof found.tried === 'string' ? found.tried : '',
  }
}
