import { createRouter, createWebHistory } from 'vue-router'
import FormPage from './pages/FormPage.vue'
import MissingPage from './pages/MissingPage.vue'
import TicketPage from './pages/TicketPage.vue'

/** A filed ticket's page opens as its receipt; the address is the same, so that a kept receipt is
 * the progress page later. */
export interface Opened {
  filed?: boolean
}

export const router = createRouter({
  history: createWebHistory('/portal/'),
  routes: [
    { path: '/', name: 'form', component: FormPage },
    { path: '/t/:token', name: 'ticket', component: TicketPage, props: true },
    { path: '/:rest(.*)*', name: 'missing', component: MissingPage },
  ],
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
})
