import { beforeEach, describe, expect, it } from 'vitest'
import type { ClockShown, TicketRow, TimelineEntry } from '@/api/generated'
import { keepDraft, readDraft } from '@/console/drafts'
import { addressOf, listingOf, narrowings, questionOf } from '@/console/listing'
import { offersOf } from '@/console/offers'
import { guess, undoOf, type Names } from '@/console/optimism'
import { standingOf } from '@/console/sla'
import { piecesOf } from '@/console/ticket/folding'
import { segmentsOf } from '@/console/ticket/segments'

const EVERYTHING = ['claim', 'release', 'assign', 'reply', 'note', 'resolve', 'reopen', 'resume']

function ticket(part: Partial<TicketRow> = {}): TicketRow {
  return {
    number: 12,
    version: 3,
    subject: '三楼打印机卡纸',
    category: null,
    status: 'new',
    status_category: 'new',
    status_label: '待处理',
    public_step: 1,
    priority: 'normal',
    team: 'it',
    team_name: '桌面支持',
    assignee: null,
    assignee_name: null,
    customer: 1,
    customer_name: '王芳',
    customer_level: 'normal',
    channel: 'portal',
    created_at: '2026-11-24T01:00:00Z',
    updated_at: '2026-11-24T01:00:00Z',
    next_due_at: null,
    next_due_metric: null,
    remaining: null,
    target: null,
    warned: false,
    breached: false,
    message_count: 1,
    reopen_count: 0,
    nudge_count: 0,
    rating: null,
    pinned: false,
    by_hand: [],
    ...part,
  }
}

const names: Names = {
  me: { id: 7, name: '李娜' },
  staff: (id) => (id === 8 ? '张伟' : null),
  team: (id) => (id === 'net' ? '网络组' : null),
  status: (id) =>
    ({
      open: { label: '处理中', category: 'open' as const, public_step: 2 },
      resolved: { label: '已解决', category: 'resolved' as const, public_step: 3 },
    })[id] ?? null,
}

describe('a list in the address bar', () => {
  it('comes back as it went', () => {
    const listing = listingOf({ view: 'team', priority: 'urgent', assignee: '8', sort: 'created' })
    expect(listingOf(addressOf(listing))).toEqual(listing)
    expect(narrowings(listing)).toBe(2)
    expect(questionOf(listing)).toMatchObject({ view: 'team', assignee: 8, sort: 'created' })
  })

  it('leaves out what is usual and what makes no sense', () => {
    const listing = listingOf({ view: 'nonsense', priority: 'loud', assignee: '-1', sort: ['a'] })
    expect(addressOf(listing)).toEqual({ view: 'open' })
  })
})

describe('what a ticket offers', () => {
  it('is claiming while nobody holds it, or when I hold it and have not begun', () => {
    expect(offersOf(ticket(), EVERYTHING, 7).has('claim')).toBe(true)
    expect(offersOf(ticket({ assignee: 7 }), EVERYTHING, 7).has('claim')).toBe(true)
    expect(offersOf(ticket({ assignee: 8 }), EVERYTHING, 7).has('claim')).toBe(false)
  })

  it('is never more than what is allowed', () => {
    expect([...offersOf(ticket(), ['note'], 7)]).toEqual(['note'])
  })

  it('is reopening once it is resolved', () => {
    const offers = offersOf(ticket({ status_category: 'resolved' }), EVERYTHING, 7)
    expect(offers.has('reopen')).toBe(true)
    expect(offers.has('resolve')).toBe(false)
  })
})

describe('a guess', () => {
  it('leaves the row untouched, so that it can be rolled back', () => {
    const before = ticket()
    const after = guess(before, { command: 'claim' }, names)
    expect(after).toMatchObject({ assignee: 7, assignee_name: '李娜', status_category: 'open' })
    expect(before).toEqual(ticket())
  })

  it('keeps the version, so that the server’s row always wins', () => {
    expect(guess(ticket(), { command: 'resolve', solution: '' }, names).version).toBe(3)
  })

  it('moves team and assignee together', () => {
    const wish = { command: 'transfer', team: 'net', staff: 8, reason: '' } as const
    expect(guess(ticket(), wish, names)).toMatchObject({ team_name: '网络组', assignee_name: '张伟' })
  })

  it('answers and resolves in one', () => {
    const after = guess(ticket(), { command: 'reply', text: '好了', then: 'resolved' }, names)
    expect(after).toMatchObject({ assignee: 7, status_category: 'resolved' })
  })
})

describe('taking back', () => {
  it('gives a claimed ticket back, and an assigned one to whom it was', () => {
    expect(undoOf(ticket(), { command: 'claim' })).toEqual({ command: 'release' })
    expect(undoOf(ticket({ assignee: 8 }), { command: 'assign', staff: 7 })).toEqual({
      command: 'assign',
      staff: 8,
    })
  })

  it('is not offered for what has been said', () => {
    expect(undoOf(ticket(), { command: 'reply', text: 'x', then: null })).toBeNull()
    expect(undoOf(ticket(), { command: 'cancel', reason: 'x' })).toBeNull()
  })
})

describe('the nearest promise', () => {
  const now = Date.parse('2026-11-24T02:00:00Z')

  it('is calm, warned, over, paused or none', () => {
    const due = { next_due_at: '2026-11-24T03:00:00Z', target: 7200 }
    expect(standingOf(ticket({ ...due, remaining: 3600 }), now, now)).toMatchObject({
      state: 'calm',
      used: 0.5,
    })
    expect(standingOf(ticket({ ...due, remaining: 600, warned: true }), now, now).state).toBe('warned')
    expect(standingOf(ticket({ ...due, remaining: -5 }), now, now).state).toBe('over')
    expect(standingOf(ticket({ status_category: 'waiting_third' }), now, now).state).toBe('paused')
    expect(standingOf(ticket({ status_category: 'closed' }), now, now).state).toBe('none')
  })
})

describe('a clock’s strip', () => {
  const clock = (part: Partial<ClockShown>): ClockShown => ({
    metric: 'first',
    label: '首次响应',
    instance: 1,
    state: 'running',
    verdict: 'none',
    target: 3600,
    used: 0,
    remaining: 3600,
    started_at: '2026-11-24T01:00:00Z',
    due_at: null,
    stopped_at: null,
    breached_at: null,
    warned: false,
    provisional: false,
    strip: [],
    totals: {
      ran_wall: 0,
      ran_working: 0,
      paused_wall: 0,
      paused_working: 0,
      excused_wall: 0,
      excused_working: 0,
      closed_wall: 0,
      closed_working: 0,
    },
    policy: 'normal',
    policy_version: 1,
    calendar: 'default',
    calendar_version: 1,
    by_retarget: false,
    late_by: null,
    as_promised: 'none',
    retargets: [],
    manual: null,
    ...part,
  })
  const part = (kind: 'ran' | 'paused' | 'closed', wall: number, working: number) => ({
    kind,
    from_at: '2026-11-24T01:00:00Z',
    to_at: '2026-11-24T02:00:00Z',
    wall,
    working,
    reason: '',
    why: '',
  })

  it('sets apart what ran beyond the target', () => {
    const drawn = segmentsOf(clock({ remaining: -600, strip: [part('ran', 4200, 4200)] }))
    expect(drawn.map((one) => [one.kind, one.seconds])).toEqual([
      ['ran', 3600],
      ['over', 600],
    ])
  })

  it('gives nights no width and shows what is left', () => {
    const strip = [part('ran', 600, 600), part('closed', 50_000, 0)]
    const drawn = segmentsOf(clock({ remaining: 3000, strip }))
    expect(drawn.map((one) => [one.kind, one.grow])).toEqual([
      ['ran', 600],
      ['closed', 0],
      ['rest', 3000],
    ])
  })

  it('draws a pause of days no longer than twice the work', () => {
    const strip = [part('ran', 600, 600), part('paused', 500_000, 0)]
    const drawn = segmentsOf(clock({ state: 'paused', remaining: 3000, strip }))
    expect(drawn[1]?.grow).toBe(7200)
    expect(drawn[1]?.seconds).toBe(500_000)
  })
})

describe('the timeline', () => {
  const entry = (seq: number, kind: string, said = false): TimelineEntry => ({
    seq,
    kind,
    at: '2026-11-24T01:00:00Z',
    actor: { kind: 'desk', id: 0, name: '' },
    via: 'desk',
    summary: kind,
    body: {},
    message: said ? { id: seq, visibility: 'public', direction: 'in', text: 'x', attachments: [] } : null,
  })

  it('folds records between what was said and what must be seen', () => {
    const pieces = piecesOf([
      entry(1, 'opened', true),
      entry(2, 'routed'),
      entry(3, 'claimed'),
      entry(4, 'breached'),
      entry(5, 'status_changed'),
    ])
    expect(pieces.map((one) => one.kind)).toEqual(['said', 'fold', 'loud', 'fold'])
  })
})

describe('a solution', () => {
  it('is shown once, and then that the ticket is resolved', () => {
    const [visibility, direction] = ['public', 'out'] as const
    const said = { id: 9, visibility, direction, text: '好了', attachments: [] }
    const common = { at: '2026-11-24T01:00:00Z', via: 'web', summary: '', body: {}, message: said }
    const actor = { kind: 'staff', id: 7, name: '李娜' } as const
    const pieces = piecesOf([
      { ...common, seq: 1, kind: 'replied', actor },
      { ...common, seq: 2, kind: 'resolved', actor },
    ])
    expect(pieces.map((one) => one.kind)).toEqual(['said', 'loud'])
  })
})

describe('a draft', () => {
  beforeEach(() => localStorage.clear())

  it('survives a reload and goes when it is sent', () => {
    keepDraft('12.reply', '稍等,马上')
    expect(readDraft('12.reply')).toBe('稍等,马上')
    keepDraft('12.reply', '')
    expect(readDraft('12.reply')).toBe('')
  })
})
