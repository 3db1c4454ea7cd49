/** What the demo server says: its chats, its clock and where the visitor's story stands. */
import { computed, onScopeDispose, ref } from 'vue'
import { ask, Refused } from '@/shared/ask'
import { showZone } from '@/shared/time'

export interface PersonShown {
  account: string
  staff: number
  name: string
  nick: string
  title: string
  role: string
  email: string
  played: boolean
}

export type Platform = 'dingtalk' | 'wecom'

export interface ChatShown {
  platform: Platform
  id: string
  title: string
  members: string[]
  /** Given for a private chat with the bot. */
  person: string | null
}

export interface ButtonShown {
  text: string
  style: 'main' | 'plain' | 'danger' | 'dead'
}

/** A card as one of the people sees it. */
export interface CardShown {
  text: string
  buttons: ButtonShown[]
}

export interface Seen {
  id: string
  at: string
  chat: string
  sender: string
  sender_id: string
  from_robot: boolean
  kind: string
  title: string | null
  text: string
  mentions: string[]
  quotes: string | null
  /** By account, where it is a card. */
  cards: Record<string, CardShown>
}

export interface Story {
  number: number
  subject: string
  status_category: string
  team: string | null
  assignee: string | null
  answered: boolean
  warned: boolean
  breached: boolean
  rating: number | null
  link: string
}

export interface DemoState {
  now: string
  ahead: number
  pulled: number
  working: boolean
  zone: string
  firm: string
  robot: string
  password: string
  real: boolean
  people: PersonShown[]
  chats: ChatShown[]
  messages: Seen[]
  story: Story | null
}

const TICK = 1_000

export function useStage() {
  const state = ref<DemoState | null>(null)
  const lost = ref(false)
  /** The demo's clock runs on between two answers. */
  const now = ref(Date.now())
  let ahead = 0
  let reading = false
  let again = false

  function take(fresh: DemoState): void {
    showZone(fresh.zone)
    ahead = Date.parse(fresh.now) - Date.now()
    now.value = Date.now() + ahead
    state.value = fresh
  }

  async function read(): Promise<void> {
    if (reading) {
      again = true
      return
    }
    reading = true
    try {
      take(await ask<DemoState>('GET', '/demo'))
      lost.value = false
    } catch (reason) {
      if (!(reason instanceof Refused)) throw reason
      lost.value = true
    } finally {
      reading = false
    }
    if (again) {
      again = false
      await read()
    }
  }

  async function say(person: string, chat: string, text: string, quoting: string | null) {
    await ask('POST', '/demo/lines', { body: { person, chat, text, quoting } })
  }

  async function press(person: string, message: string, button: string) {
    await ask('POST', '/demo/presses', { body: { person, message, button } })
  }

  async function pull(hours: number): Promise<void> {
    take(await ask<DemoState>('POST', '/demo/lever', { body: { hours } }))
  }

  async function takeSeat(account: string): Promise<void> {
    await ask('POST', '/demo/seat', { body: { account } })
  }

  const source = new EventSource('/api/v1/demo/live')
  source.addEventListener('change', () => void read())
  source.onerror = () => (lost.value = true)
  const timer = window.setInterval(() => (now.value = Date.now() + ahead), TICK)
  onScopeDispose(() => {
    source.close()
    window.clearInterval(timer)
  })
  void read()

  return {
    state,
    lost,
    now,
    played: computed(() => (state.value?.people ?? []).filter((one) => one.played)),
    say,
    press,
    pull,
    takeSeat,
  }
}

export type Stage = ReturnType<typeof useStage>
