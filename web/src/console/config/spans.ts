/** Spans as people write them: "15分钟", "1小时30分", "1.5h", "2天"; a bare number counts minutes.
 * A day is 24 hours of working time: promises are counted in hours, and working days differ. */
import type { Language } from '@/shared/language'

const MINUTE = 60
const HOUR = 60 * MINUTE

const UNITS: [RegExp, number][] = [
  [/^(天|日|days?|d)$/i, 24 * HOUR],
  [/^(个?小时|时|hours?|hrs?|h)$/i, HOUR],
  [/^(分钟?|minutes?|mins?|m)$/i, MINUTE],
  [/^(秒钟?|seconds?|secs?|s)$/i, 1],
]

/** Whole seconds, or null: not a span. The empty text is not one either. */
export function secondsOf(text: string): number | null {
  const plain = text
    .trim()
    .replace(/[０-９．]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xfee0))
    .replace(/半个?小时/g, '30分钟')
  if (/^\d+(\.\d+)?$/.test(plain)) return whole(Number(plain) * MINUTE)
  const parts = [...plain.matchAll(/(\d+(?:\.\d+)?)\s*([a-zA-Z\u4e00-\u9fff]+)/g)]
  if (!parts.length || parts.map((part) => part[0]).join('') !== plain.replace(/\s+(?=\d)/g, '')) {
    return null
  }
  let sum = 0
  for (const [, amount, name] of parts) {
    const unit = UNITS.find(([shape]) => shape.test(name!))
    if (!unit) return null
    sum += Number(amount) * unit[1]
  }
  return whole(sum)
}

function whole(seconds: number): number | null {
  const rounded = Math.round(seconds)
  return rounded > 0 && rounded <= 10 * 366 * 86_400 ? rounded : null
}

/** "15 分钟", "1 小时 30 分钟", "24 小时": written out, as it stands in an input and in a sentence. */
export function spanText(seconds: number, language: Language): string {
  const zh = language === 'zh'
  const units: [number, string, string][] = [
    [Math.floor(seconds / HOUR), '小时', 'h'],
    [Math.floor((seconds % HOUR) / MINUTE), '分钟', 'min'],
    [seconds % MINUTE, '秒', 's'],
  ]
  const said = units.filter(([amount]) => amount > 0)
  if (!said.length) return zh ? '0 分钟' : '0 min'
  return said.map(([amount, chinese, english]) => `${amount} ${zh ? chinese : english}`).join(' ')
}

/** A thin breath between Chinese and Latin, as Chinese typography has it: "等级是VIP" → "等级是 VIP". */
export const spaced = (text: string): string =>
  text
    .replace(/([\u4e00-\u9fff])([A-Za-z0-9])/g, '$1 $2')
    .replace(/([A-Za-z0-9])([\u4e00-\u9fff])/g, '$1 $2')
