/** Instants in words, in the firm's zone: a customer reads when the firm will answer, wherever his
 * own clock stands. */
import type { Language } from '@/shared/language'

export interface Told {
  code: 'by' | 'late' | 'soon'
  when: string
}

/** The promise that `answer_by` makes: kept still, missed already, or none given. */
export function promiseOf(
  answerBy: string | null,
  now: string,
  zone: string,
  language: Language,
): Told {
  if (!answerBy) return { code: 'soon', when: '' }
  const other = otherZone(answerBy, zone)
  const when = sayWhen(answerBy, now, zone, language) + (other && ` (${other})`)
  return { code: new Date(answerBy) < new Date(now) ? 'late' : 'by', when }
}

/** 今天 15:00 · 明天 09:30 · 11月26日 周四 10:00 · 2027年1月4日 周一 10:00; English likewise. */
export function sayWhen(at: string, now: string, zone: string, language: Language): string {
  const then = partsOf(at, zone)
  const today = partsOf(now, zone)
  const apart = Math.round((then.day - today.day) / 86_400_000)
  const near = NEAR[language][apart]
  const time = `${then.hour}:${then.minute}`
  if (language === 'zh') {
    const year = then.year === today.year ? '' : `${then.year}年`
    const date = near ?? `${year}${then.month}月${then.date}日 周${'日一二三四五六'[then.weekday]}`
    return `${date} ${time}`
  }
  const year = then.year === today.year ? '' : ` ${then.year}`
  const date = near ?? `on ${DAYS[then.weekday]} ${then.date} ${MONTHS[then.month - 1]}${year}`
  return `${time} ${date}`
}

const NEAR: Record<Language, Record<number, string>> = {
  zh: { [-1]: '昨天', 0: '今天', 1: '明天' },
  en: { [-1]: 'yesterday', 0: 'today', 1: 'tomorrow' },
}
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

interface Parts {
  year: number
  month: number
  date: number
  weekday: number
  hour: string
  minute: string
  /** The local date as if it were in UTC, in milliseconds: for counting days. */
  day: number
}

function partsOf(at: string, zone: string): Parts {
  const found: Record<string, string> = {}
  for (const part of formatOf(zone).formatToParts(new Date(at))) found[part.type] = part.value
  const [year, month, date] = [Number(found.year), Number(found.month), Number(found.day)]
  const day = Date.UTC(year, month - 1, date)
  return {
    year,
    month,
    date,
    weekday: new Date(day).getUTCDay(),
    hour: (found.hour ?? '').padStart(2, '0'),
    minute: (found.minute ?? '').padStart(2, '0'),
    day,
  }
}

const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone)
  if (known) return known
  const options: Intl.DateTimeFormatOptions = {
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }
  const made = zoned(zone, options)
  formats.set(zone, made)
  return made
}

/** A zone that this browser does not know falls back to its own clock. */
function zoned(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-GB', { ...options, timeZone: zone || undefined })
  } catch {
    return new Intl.DateTimeFormat('en-GB', options)
  }
}

/** 'GMT+8', the firm's zone, when the reader's own clock shows another time, else ''. */
export function otherZone(at: string, zone: string): string {
  const there = partsOf(at, zone)
  const here = new Date(at)
  const same = Number(there.hour) === here.getHours() && Number(there.minute) === here.getMinutes()
  if (same) return ''
  const parts = zoned(zone, { hour: 'numeric', timeZoneName: 'short' }).formatToParts(here)
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? ''
}
