import { afterEach, describe, expect, it } from 'vitest'
import { ago, dated, instant, instantOf, leftNow, showZone, span, tellNow, wallOf } from '@/shared/time'

afterEach(() => showZone(undefined))

describe('a span of working time', () => {
  it('reads as hours and minutes, never as days', () => {
    expect(span(3 * 3600 + 5 * 60, 'zh')).toBe('3小时05分')
    expect(span(2 * 3600, 'zh')).toBe('2小时')
    expect(span(26 * 3600, 'en')).toBe('26h')
    expect(span(59 * 60 + 59, 'en')).toBe('59m')
    expect(span(40, 'zh')).toBe('40秒')
  })

  it('drops the sign, because the words around it say left or over', () => {
    expect(span(-90 * 60, 'en')).toBe('1h 30m')
  })
})

describe('what is left now', () => {
  const counted = Date.parse('2026-11-24T02:00:00Z')
  const minutes = (n: number) => counted + n * 60_000

  it('is nothing without a running clock', () => {
    expect(leftNow(null, null, counted, counted)).toBeNull()
  })

  it('does not run ahead over a night: only the wall bounds it', () => {
    const due = '2026-11-25T01:00:00Z'
    expect(leftNow(3600, due, counted, minutes(30))).toBe(3600)
    expect(leftNow(3600, due, counted, Date.parse('2026-11-25T00:45:00Z'))).toBe(900)
  })

  it('goes below zero when the due instant has passed', () => {
    expect(leftNow(60, '2026-11-24T02:01:00Z', counted, minutes(3))).toBe(-120)
  })

  it('grows on when it was over already', () => {
    expect(leftNow(-60, '2026-11-24T01:59:00Z', counted, minutes(2))).toBe(-180)
  })
})

describe('how long ago', () => {
  const now = Date.parse('2026-11-24T10:00:00Z')

  it('is told in the largest fitting unit', () => {
    expect(ago(now - 20_000, now, 'zh')).toBe('刚刚')
    expect(ago(now - 5 * 60_000, now, 'zh')).toBe('5分钟前')
    expect(ago(now - 3 * 3600_000, now, 'en')).toBe('3h ago')
  })
})

describe('an instant', () => {
  it('of a day near the desk’s own is told by that day, in the firm’s zone', () => {
    showZone('Asia/Shanghai')
    tellNow(Date.parse('2026-11-24T17:00:00Z')) // one in the morning of the 25th
    expect(instant('2026-11-25T02:05:00Z', 'zh')).toBe('今天 10:05')
    expect(instant('2026-11-24T15:59:00Z', 'zh')).toBe('昨天 23:59')
    expect(instant('2026-11-26T01:00:00Z', 'en')).toBe('tomorrow 09:00')
    expect(instant('2026-11-27T01:00:00Z', 'zh')).toBe('11月27日 09:00')
    expect(instant('2027-01-04T01:00:00Z', 'zh')).toBe('2027年1月4日 09:00')
    expect(dated('2026-11-25T02:05:00Z', 'zh')).toBe('11月25日 10:05')
  })
})

describe('the firm’s wall time', () => {
  it('is turned into an instant and back in the firm’s zone', () => {
    showZone('Asia/Shanghai')
    const at = instantOf('2026-11-25T09:00')
    expect(at.toISOString()).toBe('2026-11-25T01:00:00.000Z')
    expect(wallOf(at)).toBe('2026-11-25T09:00')
  })

  it('knows summer time', () => {
    showZone('Europe/Berlin')
    expect(instantOf('2026-07-01T09:00').toISOString()).toBe('2026-07-01T07:00:00.000Z')
    expect(instantOf('2026-12-01T09:00').toISOString()).toBe('2026-12-01T08:00:00.000Z')
  })
})
