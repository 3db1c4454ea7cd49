import { createRouter, createWebHistory, type RouteLocationNormalized } from 'vue-router'
import { Refused } from '@/shared/ask'
import { addWords } from '@/shared/language'
import { desk, keys, readDeskClock, readSession } from './desk'

declare module 'vue-router' {
  interface RouteMeta {
    /** Shown without the frame, to people who are not signed in. */
    open?: boolean
    title?: string
  }
}

export const router = createRouter({
  history: createWebHistory('/console/'),
  routes: [
    { path: '/', redirect: { name: 'tickets', query: { view: 'mine' } } },
    {
      path: '/setup',
      name: 'setup',
      component: () => import('./pages/SetUp.vue'),
      meta: { open: true, title: 'setup.title' },
    },
    {
      path: '/sign-in',
      name: 'sign-in',
      component: () => import('./pages/SignIn.vue'),
      meta: { open: true, title: 'signIn.title' },
    },
    {
      path: '/tickets',
      name: 'tickets',
      component: () => import('./pages/TicketList.vue'),
      meta: { title: 'list.title' },
    },
    {
      path: '/tickets/:number(\\d+)',
      name: 'ticket',
      component: () => import('./pages/TicketPage.vue'),
    },
    {
      path: '/new',
      name: 'new',
      component: () => import('./pages/NewTicket.vue'),
      meta: { title: 'new.title' },
    },
    {
      path: '/people',
      name: 'people',
      component: () => import('./pages/PeoplePage.vue'),
      meta: { title: 'people.title' },
    },
    {
      path: '/config/:section?/:item?',
      name: 'config',
      component: async () => {
        const words = addWords({
          zh: () => import('./config/locales/zh.json'),
          en: () => import('./config/locales/en.json'),
        })
        // what day it is says the desk: years, rosters and periods begin with it
        await Promise.all([words, readDeskClock()])
        return import('./pages/ConfigPage.vue')
      },
      meta: { title: 'nav.config' },
    },
    {
      path: '/reports',
      name: 'reports',
      component: async () => {
        const words = addWords({
          zh: () => import('./reports/locales/zh.json'),
          en: () => import('./reports/locales/en.json'),
        })
        await Promise.all([words, readDeskClock()])
        return import('./reports/ReportPage.vue')
      },
      meta: { title: 'nav.reports' },
    },
    {
      path: '/settings/:section?',
      name: 'settings',
      component: () => import('./pages/SettingsPage.vue'),
      meta: { title: 'settings.title' },
    },
    {
      path: '/:rest(.*)*',
      name: 'lost',
      component: () => import('./pages/LostPage.vue'),
      meta: { title: 'lost.title' },
    },
  ],
  scrollBehavior: (_to, _from, kept) => kept ?? { top: 0 },
})

router.beforeEach(async (to) => {
  try {
    const session = await desk.ensureQueryData({ queryKey: keys.session, queryFn: readSession })
    if (session.needs_set_up) return to.name === 'setup' ? true : { name: 'setup' }
    if (to.name === 'setup') return { name: session.me ? 'tickets' : 'sign-in' }
    if (!session.me) return to.meta.open ? true : signInFirst(to)
    return to.name === 'sign-in' ? { name: 'tickets', query: { view: 'mine' } } : true
  } catch (reason) {
    // The frame shows that the desk cannot be reached, and tries again.
    if (reason instanceof Refused) return true
    throw reason
  }
})

function signInFirst(to: RouteLocationNormalized) {
  const next = to.fullPath === '/' ? undefined : to.fullPath
  return { name: 'sign-in', query: next ? { next } : {} }
}

/** The session ended while somebody was reading: sign in, then come back here. */
export function signInAgain(): void {
  const here = router.currentRoute.value
  if (here.meta.open) return
  desk.removeQueries({ predicate: (query) => query.queryKey[0] !== 'session' })
  void desk.invalidateQueries({ queryKey: keys.session })
  void router.replace(signInFirst(here))
}
