/** 提单: what the form holds and how it becomes a ticket. */
import type { Outgoing, Plan, Sheet } from './outgoing'
import { openOutgoing } from './outgoing'
import { keepFiled, type Shelf } from './shelf'
import { fileTicket, say, type Receipt } from './wire'

export interface FormFields {
  text: string
  name: string
  phone: string
  email: string
  company: string
  category: string | null
}

export type FieldName = keyof FormFields
export type FieldErrors = Partial<Record<FieldName, string>>

const blank = (): FormFields => ({
  text: '',
  name: '',
  phone: '',
  email: '',
  company: '',
  category: null,
})

/** Codes of what is plainly missing, before the desk is asked; it checks the rest. */
export function missing(fields: FormFields): FieldErrors {
  const found: FieldErrors = {}
  if (!fields.text.trim()) found.text = 'form.missing.text'
  if (!fields.name.trim()) found.name = 'form.missing.name'
  if (!fields.phone.trim() && !fields.email.trim()) found.phone = 'form.missing.reach'
  return found
}

export function openFiling(shelf: Shelf): Outgoing<FormFields, Receipt> {
  const plan: Plan<FormFields, Receipt> = {
    shelf,
    name: 'form',
    blank,
    deliver: (sheet) => deliver(shelf, sheet),
  }
  return openOutgoing(plan)
}

async function deliver(shelf: Shelf, sheet: Sheet<FormFields>): Promise<Receipt> {
  const { text, name, phone, email, company, category } = sheet.fields
  const words = text.trim()
  const receipt = await fileTicket({
    key: sheet.key,
    text: words,
    name: name.trim(),
    phone: phone.trim(),
    email: email.trim(),
    company: company.trim(),
    category,
  })
  // An earlier sending had arrived although its answer was lost: what was changed since is added.
  if (receipt.repeated && changedSince(sheet)) await say(receipt.token, `${sheet.key}-later`, words)
  keepFiled(shelf, {
    number: receipt.number,
    token: receipt.token,
    words: words.split('\n')[0]?.slice(0, 40) ?? '',
    at: new Date().toISOString(),
  })
  return receipt
}

function changedSince(sheet: Sheet<FormFields>): boolean {
  if (!sheet.tried) return false
  const first = JSON.parse(sheet.tried) as FormFields
  return first.text.trim() !== sheet.fields.text.trim()
}
