/** Which hint glows next. Hints follow what really happened; nothing waits for a hint. */
import type { DemoState } from './stage'

export type Place = 'phone' | 'chat' | 'lever' | 'console'
export interface Hint {
  step: string
  place: Place
  person?: string
}

export const STEPS = ['file', 'claim', 'rival', 'reply', 'forward', 'resolve', 'rate', 'look']

const DONE = ['resolved', 'closed', 'cancelled', 'merged']

export function hintOf(state: DemoState, seated: boolean): Hint | null {
  const story = state.story
  if (!story) return { step: 'file', place: 'phone' }
  const done = DONE.includes(story.status_category)
  if (!done && !story.assignee) return { step: 'claim', place: 'chat', person: 'liwei' }
  const claim = new RegExp(`接单\\s*#?${story.number}(?!\\d)`)
  const rival = state.messages.some((one) => one.sender_id === 'zhaolei' && claim.test(one.text))
  if (!done && !story.answered && !rival && story.team === 'cooling_east')
    return { step: 'rival', place: 'chat', person: 'zhaolei' }
  if (!done && !story.answered) return { step: 'reply', place: 'chat', person: 'liwei' }
  if (!done && state.pulled === 0) return { step: 'forward', place: 'lever' }
  if (!done) return { step: 'resolve', place: 'chat', person: 'liwei' }
  if (story.rating === null) return { step: 'rate', place: 'phone' }
  return seated ? null : { step: 'look', place: 'console' }
}

/** The place of a step in the list, 1 first; all of them once no hint is left. */
export function reached(hint: Hint | null): number {
  return hint ? STEPS.indexOf(hint.step) : STEPS.length
}
