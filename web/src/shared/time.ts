/** Instants and spans as people read them. Spans on the wire are whole seconds. */
import { ref } from 'vue'
import type { Language } from './language'
import { localeOf } from './language'

let zone: string | undefined

/** Instants are shown in the firm's time zone, wherever the reader sits: working hours are counted
 * in it. Without one, the browser's. */
export function showZone(name: string | undefined): void {
  zone = name || undefined
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** To make a format costs a hundred times what using it does: one of a kind is made. */
function format(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify([locale, zone, options])
  const known = formats.get(key) ?? new Intl.DateTimeFormat(locale, { ...options, timeZone: zone })
  formats.set(key, known)
  return known
}

const MINUTE = 60
const HOUR = 60 * MINUTE

type Units = { hour: string; minute: string; second: string; join: string }
const UNITS: Record<Language, Units> = {
  zh: { hour: '小时', minute: '分', second: '秒', join: '' },
  en: { hour: 'h', minute: 'm', second: 's', join: ' ' },
}

/** A length of working time: "3小时05分", "12分", "40秒". Working days differ in length, so hours are
 * never folded into days. The sign is dropped: words around it say "left" or "over". */
export function span(seconds: number, language: Language): string {
  const unit = UNITS[language]
  const whole = Math.floor(Math.abs(seconds))
  const hours = Math.floor(whole / HOUR)
  const minutes = Math.floor((whole % HOUR) / MINUTE)
  if (hours >= 100) return `${hours}${unit.hour}`
  if (hours > 0) {
    const rest = `${String(minutes).padStart(2, '0')}${unit.minute}`
    return minutes === 0 ? `${hours}${unit.hour}` : `${hours}${unit.hour}${unit.join}${rest}`
  }
  if (minutes > 0) return `${minutes}${unit.minute}`
  return `${whole}${unit.second}`
}

/** Working seconds that are left at `now`, from what the server counted at `countedAt`.
 * Working time never runs faster than the wall clock, so the wall clock's distance to the due instant
 * bounds what is left: between two answers of the server the countdown can only be too kind. */
export function leftNow(
  remaining: number | null | undefined,
  dueAt: string | null | undefined,
  countedAt: number,
  now: number,
): number | null {
  if (remaining === null || remaining === undefined) return null
  if (!dueAt) return remaining
  const due = Date.parse(dueAt)
  if (remaining < 0) return remaining - Math.max(0, Math.floor((now - countedAt) / 1000))
  const wall = Math.floor((due - now) / 1000)
  return Math.min(remaining, wall)
}

/** The firm's day by the desk's clock, "2026-11-24"; it changes once a day, and words with it. */
const today = ref('')

/** What time it is: said by whoever knows the desk's clock, as often as it likes. */
export function tellNow(now: number): void {
  today.value = dayOf(now)
}

/** The date that calendars of the firm's zone show. */
function dayOf(at: number): string {
  const parts = format('en-US', { year: 'numeric', month: '2-digit', day: '2-digit' })
    .formatToParts(at)
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? ''
  return `${part('year')}-${part('month')}-${part('day')}`
}

const NEAR: Record<Language, Record<number, string>> = {
  zh: { [-1]: '昨天', 0: '今天', 1: '明天' },
  en: { [-1]: 'yesterday', 0: 'today', 1: 'tomorrow' },
}
const DAY = 24 * HOUR * 1000

/** "今天 14:05", "11月24日 14:05" — with the year when it is not this one. */
export function instant(at: string | number | Date, language: Language, now?: number): string {
  const date = new Date(at)
  const here = now === undefined ? today.value || dayOf(Date.now()) : dayOf(now)
  const there = dayOf(date.getTime())
  const near = NEAR[language][(Date.parse(there) - Date.parse(here)) / DAY]
  if (near) return `${near} ${format(localeOf(language), CLOCK).format(date)}`
  return format(localeOf(language), {
    year: there.slice(0, 4) === here.slice(0, 4) ? undefined : 'numeric',
    ...DATED,
  }).format(date)
}

const CLOCK: Intl.DateTimeFormatOptions = {
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
}
const DATED: Intl.DateTimeFormatOptions = { month: 'short', day: 'numeric', ...CLOCK }

/** "11月24日 14:05", also today: what a clock shows. */
export function dated(at: string | number | Date, language: Language): string {
  return format(localeOf(language), DATED).format(new Date(at))
}

/** The whole instant with seconds, for titles and tooltips. */
export function exactInstant(at: string | number | Date, language: Language): string {
  return format(localeOf(language), {
    dateStyle: 'full',
    timeStyle: 'medium',
    hourCycle: 'h23',
  }).format(new Date(at))
}

/** How long ago, for columns: "刚刚", "5分钟前", "3小时前", then the day. */
export function ago(at: string | number | Date, now: number, language: Language): string {
  const seconds = Math.max(0, Math.floor((now - new Date(at).getTime()) / 1000))
  const zh = language === 'zh'
  if (seconds < MINUTE) return zh ? '刚刚' : 'just now'
  if (seconds < HOUR) {
    const minutes = Math.floor(seconds / MINUTE)
    return zh ? `${minutes}分钟前` : `${minutes}m ago`
  }
  if (seconds < 24 * HOUR) {
    const hours = Math.floor(seconds / HOUR)
    return zh ? `${hours}小时前` : `${hours}h ago`
  }
  return day(at, language, now)
}

/** "11月24日", with the year when it is not this one. */
export function day(at: string | number | Date, language: Language, now = Date.now()): string {
  const date = new Date(at)
  const sameYear = date.getFullYear() === new Date(now).getFullYear()
  return format(localeOf(language), {
    year: sameYear ? undefined : 'numeric',
    month: 'short',
    day: 'numeric',
  }).format(date)
}

/** The instant at which clocks of the firm's zone show this wall time ("2026-11-25T09:00"). */
export function instantOf(wall: string): Date {
  const asUtc = Date.parse(`${wall}:00Z`)
  const guess = asUtc - offsetAt(asUtc)
  return new Date(asUtc - offsetAt(guess))
}

/** What clocks of the firm's zone show, in the form of an input of type datetime-local. */
export function wallOf(at: Date): string {
  return new Date(at.getTime() + offsetAt(at.getTime())).toISOString().slice(0, 16)
}

/** Milliseconds by which the zone is ahead of UTC at an instant. */
function offsetAt(at: number): number {
  const parts = format('en-US', {
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(new Date(at))
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value)
  const wall = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  )
  return wall - Math.floor(at / 1000) * 1000
}
