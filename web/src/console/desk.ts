/** What the console asks the desk for: one function per question, one key per cached answer. */
import { QueryClient, useMutation, useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed } from 'vue'
import type {
  ArrivalShown,
  BindingCode,
  ChannelShown,
  ChannelWanted,
  ColleagueShown,
  ColleagueWanted,
  Counters,
  DeliveryShown,
  Document,
  Done,
  DutyBoard,
  FirmShown,
  GroupShown,
  Me,
  MeWanted,
  RobotWanted,
  SessionState,
  TicketRow,
  TicketShown,
  TicketsPage,
  TicketWanted,
  TokenShown,
} from '@/api/generated'
import { ask, newKey, Refused } from '@/shared/ask'
import { showZone } from '@/shared/time'
import type { Listing } from './listing'
import { questionOf } from './listing'
import { setDeskNow } from './now'
import type { Names, Wish } from './optimism'

export const PAGE = 40

export const keys = {
  session: ['session'] as const,
  firm: ['firm'] as const,
  counters: ['counters'] as const,
  lists: ['list'] as const,
  list: (listing: Listing) => ['list', questionOf(listing)] as const,
  ticket: (number: number) => ['ticket', number] as const,
  channels: ['channels'] as const,
  groups: ['groups'] as const,
  deliveries: ['deliveries'] as const,
  arrivals: ['arrivals'] as const,
  tokens: ['tokens'] as const,
  configuration: ['configuration'] as const,
}

export const desk = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (tries, reason) => tries < 2 && (!(reason instanceof Refused) || reason.status >= 500),
      refetchOnWindowFocus: true,
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
})

export const readSession = () => ask<SessionState>('GET', '/session')
export const fileTicket = (body: TicketWanted) => ask<Done>('POST', '/tickets', { body })
export type Duty = Me['duty']
export const setDuty = (body: { duty: Duty; minutes?: number }) =>
  ask<Me>('PUT', '/duty', { body })
export const saveMe = (body: MeWanted) => ask<Me>('PUT', '/me', { body })
export const signOut = () => ask<null>('DELETE', '/session')
export const offerBinding = () => ask<BindingCode>('POST', '/bindings')
export const readDocument = (kind: string, id: string) =>
  ask<Document>('GET', `/configuration/${kind}/${encodeURIComponent(id)}`)
export const saveDocument = (kind: string, id: string, doc: object, seen_version: number) =>
  ask<Document>('PUT', `/configuration/${kind}/${encodeURIComponent(id)}`, {
    body: { doc, seen_version },
  })
export const addColleague = (body: ColleagueWanted) => ask<ColleagueShown>('POST', '/staff', { body })
export const saveColleague = (id: number, body: ColleagueWanted) =>
  ask<ColleagueShown>('PUT', `/staff/${id}`, { body })
export const saveChannel = (kind: string, body: ChannelWanted) =>
  ask<ChannelShown>('PUT', `/channels/${kind}`, { body })
export const saveGroup = (group: GroupShown, team: string) =>
  ask<GroupShown>(
    'PUT',
    `/groups/${group.platform}/${encodeURIComponent(group.conversation_id)}`,
    { body: { team } },
  )
export const addRobot = (body: RobotWanted) => ask<GroupShown>('POST', '/robots', { body })
export const removeRobot = (number: string) => ask<null>('DELETE', `/robots/${number}`)
export const retryDelivery = (id: number) => ask<null>('POST', `/deliveries/${id}/retry`)
export const replayArrival = (id: number) => ask<null>('POST', `/arrivals/${id}/replay`)
export const addToken = (name: string, scopes: ('read' | 'write')[]) =>
  ask<TokenShown>('POST', '/tokens', { body: { name, scopes } })
export const revokeToken = (id: number) => ask<null>('DELETE', `/tokens/${id}`)

/** What time it is by the desk's clock, for pages that begin with today. */
export async function readDeskClock(): Promise<void> {
  const board = await ask<DutyBoard>('GET', '/duty').catch((reason: unknown) => {
    if (reason instanceof Refused) return null // the page itself tells what is wrong
    throw reason
  })
  if (board) setDeskNow(board.now)
}

export async function readTicket(number: number): Promise<TicketShown> {
  const page = await ask<TicketShown>('GET', `/tickets/${number}`)
  setDeskNow(page.now)
  return page
}

export async function listTickets(listing: Listing, after: string | null): Promise<TicketsPage> {
  const query = { ...questionOf(listing), after, limit: PAGE }
  const page = await ask<TicketsPage>('GET', '/tickets', { query })
  setDeskNow(page.now)
  return page
}

export function command(ticket: number, wish: Wish): Promise<Done> {
  return ask<Done>('POST', `/tickets/${ticket}/commands`, {
    body: { ...wish, ticket },
    key: newKey(),
  })
}

export function useSession() {
  const query = useQuery({ queryKey: keys.session, queryFn: readSession, staleTime: 60_000 })
  const me = computed(() => query.data.value?.me ?? null)
  return {
    ...query,
    me,
    mayLead: computed(() => me.value?.role === 'administrator' || me.value?.role === 'supervisor'),
    mayLook: computed(
      () => !!me.value && ['administrator', 'supervisor', 'auditor'].includes(me.value.role),
    ),
    mayAdminister: computed(() => me.value?.role === 'administrator'),
    mayFile: computed(
      () => !!me.value && ['administrator', 'supervisor', 'staff'].includes(me.value.role),
    ),
  }
}

export async function readFirm(): Promise<FirmShown> {
  const firm = await ask<FirmShown>('GET', '/firm')
  showZone(firm.zone)
  return firm
}

export function useFirm() {
  return useQuery({ queryKey: keys.firm, queryFn: readFirm, staleTime: 5 * 60_000 })
}

export function useCounters() {
  return useQuery({
    queryKey: keys.counters,
    queryFn: () => ask<Counters>('GET', '/counters'),
    staleTime: 10_000,
  })
}

export const useChannels = () =>
  useQuery({ queryKey: keys.channels, queryFn: () => ask<ChannelShown[]>('GET', '/channels') })
export const useGroups = () =>
  useQuery({ queryKey: keys.groups, queryFn: () => ask<GroupShown[]>('GET', '/groups') })
export const useTokens = () =>
  useQuery({ queryKey: keys.tokens, queryFn: () => ask<TokenShown[]>('GET', '/tokens') })
export const useDeliveries = () =>
  useQuery({
    queryKey: keys.deliveries,
    queryFn: () =>
      ask<DeliveryShown[]>('GET', '/deliveries', { query: { state: 'given_up', limit: 100 } }),
  })
export const useArrivals = () =>
  useQuery({
    queryKey: keys.arrivals,
    queryFn: () => ask<ArrivalShown[]>('GET', '/arrivals', { query: { limit: 100 } }),
  })

/** 值班 / 小休 / 下班, shown at once and taken back when refused. */
export function useDuty() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: setDuty,
    onMutate({ duty, minutes }) {
      const before = client.getQueryData<SessionState>(keys.session)
      client.setQueryData<SessionState>(keys.session, (old) =>
        old?.me
          ? {
              ...old,
              me: {
                ...old.me,
                duty,
                on_duty: duty === 'on_duty',
                break_until:
                  duty === 'break' ? new Date(Date.now() + (minutes ?? 15) * 60_000).toISOString() : null,
              },
            }
          : old,
      )
      return { before }
    },
    onSuccess(me) {
      client.setQueryData<SessionState>(keys.session, (old) => (old ? { ...old, me } : old))
    },
    onError(_reason, _wanted, kept) {
      client.setQueryData(keys.session, kept?.before)
    },
    onSettled() {
      void client.invalidateQueries({ queryKey: keys.firm })
    },
  })
}

/** Names for guesses, from what is cached. */
export function namesFrom(me: Me, firm: FirmShown | undefined): Names {
  return {
    me,
    staff: (id) => firm?.staff.find((one) => one.id === id)?.name ?? null,
    team: (id) => firm?.teams.find((one) => one.id === id)?.name ?? null,
    status: (id) => firm?.statuses.find((one) => one.id === id) ?? null,
  }
}

type Lists = { pages: TicketsPage[]; pageParams: unknown[] }

/** Put a newer row wherever the old one is shown; an older row never overwrites a newer one. */
export function spreadRow(client: QueryClient, row: TicketRow, guessed = false): void {
  const newer = (old: TicketRow) =>
    old.number === row.number && (guessed || row.version >= old.version)
  client.setQueriesData<Lists>({ queryKey: keys.lists }, (old) =>
    old
      ? {
          ...old,
          pages: old.pages.map((page) =>
            page.tickets.some(newer)
              ? { ...page, tickets: page.tickets.map((one) => (newer(one) ? row : one)) }
              : page,
          ),
        }
      : old,
  )
  client.setQueryData<TicketShown>(keys.ticket(row.number), (old) =>
    old && newer(old.ticket) ? { ...old, ticket: row } : old,
  )
}
