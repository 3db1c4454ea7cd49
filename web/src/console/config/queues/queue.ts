/** A queue: what a new one starts with, and what is wrong with a draft. */
import type { Mode, Queue, Weights } from '../documents'

export const MODES: Mode[] = ['automatic', 'grab', 'manual']
export const PARTS: (keyof Weights)[] = ['load', 'skill', 'pace', 'fair', 'near', 'known']

export function blankQueue(id: string): Queue {
  return {
    id,
    name: '',
    team: null,
    mode: 'automatic',
    caps: { open: 20, hourly: 0, by_category: {}, people: {} },
    fatigue: { after: 0, rest: 30 },
    shed: { above: 0, teams: [], core: [], core_priorities: ['urgent'] },
    weights: { skill: 20, load: 40, pace: 10, fair: 10, near: 10, known: 10 },
    accept_within: 0,
    tries: 2,
    touch_within: 0,
    hoard: 0,
  }
}

export function wholeQueue(doc: Queue): Queue {
  const blank = blankQueue(doc.id)
  return {
    ...blank,
    ...doc,
    caps: { ...blank.caps, ...doc.caps },
    fatigue: { ...blank.fatigue, ...doc.fatigue },
    shed: { ...blank.shed, ...doc.shed },
    weights: { ...blank.weights, ...doc.weights },
  }
}

const counts = (value: number, most = 100_000) =>
  Number.isInteger(value) && value >= 0 && value <= most
const MONTH = 60 * 24 * 31

export function faultsOf(queue: Queue): Record<string, string> {
  const found: Record<string, string> = {}
  const { caps, fatigue, shed } = queue
  if (!queue.name.trim()) found.name = 'nameMissing'
  const bounds = [
    caps.open,
    caps.hourly,
    ...Object.values(caps.by_category),
    ...Object.values(caps.people),
  ]
  if (!bounds.every((one) => counts(one))) found.caps = 'count'
  if (!counts(fatigue.after) || !counts(fatigue.rest, MONTH)) found.fatigue = 'count'
  if (!counts(shed.above)) found.shed = 'count'
  else if (shed.above > 0 && shed.teams.length === 0) found.shed = 'shedTeams'
  for (const field of ['accept_within', 'touch_within'] as const) {
    if (!counts(queue[field], MONTH)) found[field] = 'count'
  }
  if (!counts(queue.hoard)) found.hoard = 'count'
  if (!counts(queue.tries, 20) || queue.tries < 1) found.tries = 'tries'
  if (!PARTS.every((part) => counts(queue.weights[part], 1000))) found.weights = 'count'
  else if (PARTS.every((part) => queue.weights[part] === 0)) found.weights = 'weights'
  return found
}
