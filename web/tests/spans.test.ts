import { describe, expect, it } from 'vitest'
import { secondsOf, spanText } from '@/console/config/spans'

describe('a span as somebody types it', () => {
  it.each([
    ['15分钟', 900],
    ['15 分', 900],
    ['90', 5400],
    ['1小时30分', 5400],
    ['1 小时 30 分钟', 5400],
    ['1.5h', 5400],
    ['24小时', 86_400],
    ['2天', 172_800],
    ['半小时', 1800],
    ['半个小时', 1800],
    ['１５分', 900],
    ['1h 30m', 5400],
    ['45s', 45],
  ])('%s is %d seconds', (text, seconds) => {
    expect(secondsOf(text)).toBe(seconds)
  })

  it.each(['', '很快', '15 个', '0', '-5', '5分很快', '1:30', '99999天'])('%s is none', (text) => {
    expect(secondsOf(text)).toBeNull()
  })

  it('is written so that it reads back as itself', () => {
    for (const seconds of [45, 900, 1800, 5400, 5445, 86_400, 172_800]) {
      expect(secondsOf(spanText(seconds, 'zh'))).toBe(seconds)
      expect(secondsOf(spanText(seconds, 'en'))).toBe(seconds)
    }
  })
})
