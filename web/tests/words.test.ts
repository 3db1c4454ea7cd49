/** Every message of every page compiles, Chinese and English have the same codes with the same
 * placeholders, and a code that is written in the source exists. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { baseCompile } from '@intlify/message-compiler'
import { describe, expect, it } from 'vitest'

type Words = { [key: string]: string | Words }

const SOURCE = join(process.cwd(), 'src')

function flat(words: Words, prefix = ''): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [key, value] of Object.entries(words)) {
    if (typeof value === 'string') found[prefix + key] = value
    else Object.assign(found, flat(value, `${prefix}${key}.`))
  }
  return found
}

/** Words stand in folders named locales, also deeper: pages that are rarely opened bring theirs. */
function read(page: string, language: string): Record<string, string> {
  const files = filesOf(join(SOURCE, page)).filter((path) =>
    path.replace(/\\/g, '/').endsWith(`/locales/${language}.json`),
  )
  const all = files.map((path) => flat(JSON.parse(readFileSync(path, 'utf8')) as Words))
  const codes = all.flatMap((words) => Object.keys(words))
  expect(codes.length).toBe(new Set(codes).size)
  return Object.assign({}, ...all) as Record<string, string>
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((one) => {
    const path = join(folder, one.name)
    return one.isDirectory() ? filesOf(path) : [path]
  })
}

function sources(folder: string): string[] {
  return filesOf(folder)
    .filter((path) => /\.(vue|ts)$/.test(path))
    .map((path) => readFileSync(path, 'utf8'))
}

const placeholders = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort()

const PAGES = readdirSync(SOURCE).filter((page) => {
  try {
    return readdirSync(join(SOURCE, page, 'locales')).includes('zh.json')
  } catch {
    return false
  }
})

describe.each(PAGES)('the words of %s', (page) => {
  const zh = read(page, 'zh')
  const en = read(page, 'en')

  it('are the same codes in both languages', () => {
    expect(Object.keys(en).sort()).toEqual(Object.keys(zh).sort())
  })

  it('have the same placeholders in both languages', () => {
    for (const [code, text] of Object.entries(zh)) {
      expect([code, placeholders(en[code] ?? '')]).toEqual([code, placeholders(text)])
    }
  })

  it('all compile', () => {
    for (const [code, text] of [...Object.entries(zh), ...Object.entries(en)]) {
      const errors: string[] = []
      baseCompile(text, { onError: (error) => errors.push(error.message) })
      expect([code, errors]).toEqual([code, []])
    }
  })

  it('exist for every code that the source names', () => {
    const named = sources(join(SOURCE, page)).flatMap((text) =>
      [...text.matchAll(/\bt\(\s*'([a-zA-Z_]+(?:\.[a-zA-Z_]+)*)'/g)].map((match) => match[1]!),
    )
    expect(named.length).toBeGreaterThan(0)
    expect(named.filter((code) => !(code in zh))).toEqual([])
  })
})
