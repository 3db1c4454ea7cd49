/** Routing rules: what a new one starts with, and what is wrong with a draft. */
import { newKey } from '@/shared/ask'
import type { Rule, Rules, Then } from '../documents'
import { unfinished } from './conditions'

export const blankRules = (): Rules => ({
  mode: 'first',
  rules: [],
  fallback_team: null,
  fallback_mode: null,
})

export const wholeRules = (doc: Rules): Rules => ({
  ...blankRules(),
  mode: doc.mode ?? 'first',
  rules: (doc.rules ?? []).map((one) => ({ active: true, ...one, then: one.then ?? {} })),
  fallback_team: doc.fallback_team ?? null,
  fallback_mode: doc.fallback_mode ?? null,
})

export const newRule = (): Rule => ({
  id: `rule-${newKey().slice(0, 8)}`,
  name: '',
  when: null,
  then: {},
  active: true,
})

/** Only what is said: an empty part stays as it is. */
export function tidy(then: Then): Then {
  const kept = Object.entries(then).filter(([, value]) => {
    if (value === null || value === undefined || value === false || value === '') return false
    return typeof value !== 'object' || Object.keys(value).length > 0
  })
  return Object.fromEntries(kept) as Then
}

/** Why a rule cannot be saved, as a code, or nothing. */
export function faultOf(rule: Rule): string | null {
  if (!rule.name.trim()) return 'nameMissing'
  if (rule.when && unfinished(rule.when)) return 'ruleUnfinished'
  if (Object.keys(tidy(rule.then)).length === 0) return 'ruleIdle'
  return null
}

export const faultsOf = (rules: Rules): Record<string, string> =>
  rules.rules.some(faultOf) ? { rules: 'rules' } : {}
