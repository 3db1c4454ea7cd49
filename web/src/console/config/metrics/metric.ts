/** What is measured: the metrics that a desk has before anybody saved one, and a draft's faults. */
import type { Metric } from '../documents'

export const SIGNALS = [
  'opened',
  'unheld',
  'held',
  'answered',
  'bot_answered',
  'asked',
  'planned',
  'checked_in',
  'joined',
  'left',
  'nudged',
  'escalated',
  'help_asked',
  'helped',
  'resolved',
  'reopened',
] as const

const metric = (id: string, part: Partial<Metric>): Metric => ({
  id,
  name: {},
  starts: [],
  stops: [],
  resumes: [],
  pauses: [],
  instances: 'one',
  late: 'clamp',
  ...part,
})

const ANSWERS = ['answered', 'resolved']

export const BUILT_IN: Metric[] = [
  metric('accept', { starts: ['unheld'], stops: ['held', 'resolved'], instances: 'many' }),
  metric('first', { starts: ['opened'], stops: ANSWERS, late: 'rejudge' }),
  metric('next', { starts: ['asked'], stops: ANSWERS, instances: 'many', late: 'rejudge' }),
  metric('update', {
    starts: ['opened', 'answered', 'reopened'],
    stops: ANSWERS,
    instances: 'many',
    pauses: ['waiting_customer'],
  }),
  metric('plan', { starts: ['opened'], stops: ['planned', 'resolved'] }),
  metric('resolve', {
    starts: ['opened'],
    stops: ['resolved'],
    resumes: ['reopened'],
    pauses: ['waiting_customer'],
  }),
  metric('onsite', { starts: ['held'], stops: ['checked_in', 'resolved'] }),
  metric('help', { starts: ['help_asked'], stops: ['helped', 'resolved'], instances: 'many' }),
  metric('team', {
    starts: ['joined', 'reopened'],
    stops: ['left', 'resolved'],
    instances: 'many',
    pauses: ['waiting_customer'],
  }),
]

export const isBuiltIn = (id: string): boolean => BUILT_IN.some((one) => one.id === id)

export const blankMetric = (id: string): Metric =>
  BUILT_IN.find((one) => one.id === id) ?? metric(id, { starts: ['opened'], stops: ['resolved'] })

/** Signals in the order of a ticket's life, so that the same choice is the same document. */
const sorted = (signals: readonly string[]) => SIGNALS.filter((one) => signals.includes(one))

export function wholeMetric(doc: Metric): Metric {
  const whole = { ...metric(doc.id, {}), ...doc }
  return {
    ...whole,
    starts: sorted(whole.starts),
    stops: sorted(whole.stops),
    resumes: sorted(whole.resumes),
  }
}

export function faultsOf(draft: Metric): Record<string, string> {
  const found: Record<string, string> = {}
  if (!isBuiltIn(draft.id) && !draft.name.zh?.trim()) found.name = 'nameMissing'
  if (!draft.starts.length) found.starts = 'signalMissing'
  if (!draft.stops.length) found.stops = 'signalMissing'
  const both = draft.starts.some((one) => draft.stops.includes(one))
  if (draft.instances === 'one' && both) found.stops = 'signalTwice'
  if (draft.resumes.some((one) => draft.stops.includes(one))) found.resumes = 'resumeTwice'
  return found
}
