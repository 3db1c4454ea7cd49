import { describe, expect, it, vi } from 'vitest'
import { missing, openFiling } from '@/portal/filing'
import { openOutgoing } from '@/portal/outgoing'
import { listFiled, shelfOver } from '@/portal/shelf'
import { Refused } from '@/shared/ask'

const NO_NETWORK = new Refused(0, { error: 'unreachable', message: '' })
const TOO_LONG = new Refused(422, { error: 'invalid', message: '太长', fields: { text: '太长' } })

function shelfOfItsOwn() {
  const kept = new Map<string, string>()
  const storage = {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
    removeItem: (name: string) => void kept.delete(name),
  }
  return shelfOver(() => storage as unknown as Storage)
}

function sheetThat(deliver: (key: string) => Promise<string>, shelf = shelfOfItsOwn()) {
  return openOutgoing({
    shelf,
    name: 'sheet',
    blank: () => ({ text: '' }),
    deliver: (sheet) => deliver(sheet.key),
  })
}

describe('something that is sent once', () => {
  it('goes out once when the button is tapped twice', async () => {
    const keys: string[] = []
    const out = sheetThat(async (key) => String(keys.push(key)))
    await Promise.all([out.send(), out.send()])
    expect(keys).toEqual([out.sheet.key])
  })

  it('keeps its key after a lost answer, and after the page is opened again', async () => {
    const shelf = shelfOfItsOwn()
    const keys: string[] = []
    const first = sheetThat(async (key) => {
      keys.push(key)
      throw NO_NETWORK
    }, shelf)
    first.sheet.fields.text = '打印机卡纸'
    expect(await first.send()).toEqual({ kind: 'waiting' })
    expect(first.state.value).toBe('waiting')

    const second = sheetThat(async (key) => String(keys.push(key)), shelf)
    expect(second.state.value).toBe('waiting')
    expect(second.sheet.fields.text).toBe('打印机卡纸')
    expect((await second.send()).kind).toBe('done')
    expect(new Set(keys).size).toBe(1)
  })

  it('takes a new key for the next sheet', async () => {
    const out = sheetThat(async () => 'filed')
    const key = out.sheet.key
    await out.send()
    out.renew()
    expect(out.sheet.key).not.toBe(key)
    expect(out.sheet.fields.text).toBe('')
  })

  it('does not wait after a refusal, and says what was refused', async () => {
    const out = sheetThat(async () => {
      throw TOO_LONG
    })
    const outcome = await out.send()
    expect(outcome).toMatchObject({ kind: 'refused', problem: { fields: { text: '太长' } } })
    expect(out.state.value).toBe('writing')
    expect(out.sheet.tried).toBe('')
  })

  it('is kept for the open page where storage is refused', () => {
    const shelf = shelfOver(() => {
      throw new Error('refused')
    })
    shelf.write('sheet', 'kept')
    expect(shelf.read('sheet')).toBe('kept')
  })
})

describe('the form', () => {
  it('names what is missing', () => {
    const blank = { text: ' ', name: '', phone: '', email: '', company: '', category: null }
    expect(Object.keys(missing(blank))).toEqual(['text', 'name', 'phone'])
    expect(missing({ ...blank, text: '坏了', name: '王', email: 'wang@example.cn' })).toEqual({})
  })

  it('adds what was changed after a sending whose answer was lost', async () => {
    const shelf = shelfOfItsOwn()
    const asked: { url: string; body: Record<string, string> }[] = []
    let reached = false
    vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
      asked.push({ url, body: JSON.parse(String(init.body)) })
      if (!reached) {
        reached = true
        throw new TypeError('the answer was lost')
      }
      const receipt = { number: 7, token: 'abc', link: '', answer_by: null, repeated: true }
      return new Response(JSON.stringify(receipt), { status: 201 })
    })
    const out = openFiling(shelf)
    Object.assign(out.sheet.fields, { text: '打印机卡纸', name: '王芳', phone: '13800000000' })
    expect((await out.send()).kind).toBe('waiting')
    out.edit()
    out.sheet.fields.text = '打印机卡纸，换了纸也不行'
    expect((await out.send()).kind).toBe('done')
    vi.unstubAllGlobals()

    const [first, again, more] = asked
    expect(again?.body.key).toBe(first?.body.key)
    expect(more?.url).toBe('/api/v1/portal/tickets/abc/messages')
    expect(more?.body.text).toBe('打印机卡纸，换了纸也不行')
    expect(listFiled(shelf)[0]).toMatchObject({ number: 7, token: 'abc' })
  })
})
