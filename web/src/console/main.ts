import { VueQueryPlugin } from '@tanstack/vue-query'
import { createApp } from 'vue'
import 'element-plus/theme-chalk/base.css'
import '@/shared/tokens.css'
import '@/shared/element.css'
import './console.css'
import { Refused } from '@/shared/ask'
import { setAccountLanguage, startLanguage, wantedLanguage } from '@/shared/language'
import { startTheme } from '@/shared/theme'
import App from './App.vue'
import { desk, keys, readSession } from './desk'
import { dropOldDrafts } from './drafts'
import { router, signInAgain } from './router'

startTheme()

desk.getQueryCache().config.onError = (reason: unknown) => {
  if (reason instanceof Refused && reason.status === 401) signInAgain()
}

const WORDS = {
  zh: () => import('./locales/zh.json'),
  en: () => import('./locales/en.json'),
}

async function start(): Promise<void> {
  void WORDS[wantedLanguage()]() // most likely these; they come while the session is asked for
  const session = await desk
    .ensureQueryData({ queryKey: keys.session, queryFn: readSession, retry: false })
    .catch(() => null) // the frame says that the desk cannot be reached
  setAccountLanguage(session?.me?.language)
  const i18n = await startLanguage(WORDS)
  router.afterEach((to) => {
    const title = to.meta.title ? i18n.global.t(to.meta.title) : ''
    if (to.name !== 'ticket') document.title = title ? `${title} · 派单` : '派单'
  })
  createApp(App).use(i18n).use(VueQueryPlugin, { queryClient: desk }).use(router).mount('#app')
  dropOldDrafts()
}

void start()
