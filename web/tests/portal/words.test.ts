import { baseCompile } from '@intlify/message-compiler'
import { describe, expect, it } from 'vitest'
import en from '@/portal/locales/en'
import zh from '@/portal/locales/zh'
import { sayState } from '@/portal/state'
import type { Progress } from '@/portal/wire'

type Tree = { [key: string]: string | Tree }

function flat(tree: Tree, prefix = ''): Map<string, string> {
  const found = new Map<string, string>()
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === 'string') found.set(prefix + key, value)
    else for (const [code, words] of flat(value, `${prefix}${key}.`)) found.set(code, words)
  }
  return found
}

const chinese = flat(zh)
const english = flat(en)
const holes = (words: string) => [...words.matchAll(/\{(\w+)\}/g)].map((hole) => hole[1]).sort()

describe('the words of the customers’ pages', () => {
  it('are the same in both languages', () => {
    expect([...english.keys()].sort()).toEqual([...chinese.keys()].sort())
    for (const [code, words] of chinese) {
      expect([code, holes(english.get(code) ?? '')]).toEqual([code, holes(words)])
    }
  })

  it('compile', () => {
    for (const words of [...chinese.values(), ...english.values()]) {
      const wrong: unknown[] = []
      baseCompile(words, { onError: (error) => wrong.push(error) })
      expect([words, wrong]).toEqual([words, []])
    }
  })

  it('say 您, never 你', () => {
    expect([...chinese.values()].filter((words) => words.includes('你'))).toEqual([])
  })

  it('hold a sentence for every state of a ticket', () => {
    for (const public_step of [1, 2, 3, 4]) {
      for (const assignee of ['李明', null]) {
        for (const closed_at of [null, '2026-11-24T07:00:00Z']) {
          for (const awaits_you of [false, true]) {
            const how = { public_step, assignee, closed_at, awaits_you } as Progress
            expect(chinese.has(sayState(how))).toBe(true)
          }
        }
      }
    }
  })
})
