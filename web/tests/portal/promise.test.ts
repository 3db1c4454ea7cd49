import { describe, expect, it } from 'vitest'
import { otherZone, promiseOf, sayWhen } from '@/portal/promise'

const SHANGHAI = 'Asia/Shanghai'
const NOW = '2026-11-24T02:00:00Z' // Tuesday, 10:00 in Shanghai
const here = new Intl.DateTimeFormat().resolvedOptions().timeZone

describe('when the firm answers', () => {
  it('names near days by name and far ones by date, in the zone of the firm', () => {
    const say = (at: string) => sayWhen(at, NOW, SHANGHAI, 'zh')
    expect(say('2026-11-24T07:00:00Z')).toBe('今天 15:00')
    expect(say('2026-11-24T16:30:00Z')).toBe('明天 00:30')
    expect(say('2026-11-23T10:05:00Z')).toBe('昨天 18:05')
    expect(say('2026-11-26T02:00:00Z')).toBe('11月26日 周四 10:00')
    expect(say('2027-01-04T01:30:00Z')).toBe('2027年1月4日 周一 09:30')
  })

  it('says the same in English', () => {
    const say = (at: string) => sayWhen(at, NOW, SHANGHAI, 'en')
    expect(say('2026-11-24T07:00:00Z')).toBe('15:00 today')
    expect(say('2026-11-26T02:00:00Z')).toBe('10:00 on Thu 26 Nov')
  })

  it('names the zone where the reader has another clock', () => {
    const at = '2026-11-24T07:00:00Z'
    const elsewhere = here === SHANGHAI ? ['', '今天 15:00'] : ['GMT+8', '今天 15:00 (GMT+8)']
    expect([otherZone(at, SHANGHAI), promiseOf(at, NOW, SHANGHAI, 'zh').when]).toEqual(elsewhere)
    expect(otherZone(at, here)).toBe('')
  })

  it('tells a kept promise from a late one and from none', () => {
    const of = (by: string | null) => promiseOf(by, NOW, SHANGHAI, 'zh').code
    expect(of('2026-11-24T07:00:00Z')).toBe('by')
    expect(of('2026-11-24T01:00:00Z')).toBe('late')
    expect(of(null)).toBe('soon')
  })

  it('falls back to the clock of the browser for a zone that it does not know', () => {
    expect(sayWhen(NOW, NOW, 'Nowhere/Town', 'zh')).toContain('今天')
  })
})
