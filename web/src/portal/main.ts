import '@/shared/tokens.css'
import 'vant/es/style/base.css'
import 'vant/es/cell/index.css'
import 'vant/es/field/index.css'
import 'vant/es/loading/index.css'
import 'vant/es/button/index.css'
import 'vant/es/skeleton/index.css'
import 'vant/es/skeleton-paragraph/index.css'
import 'vant/es/skeleton-title/index.css'
import '@/shared/vant.css'
import './portal.css'
import { createApp } from 'vue'
import { startLanguage } from '@/shared/language'
import { startTheme } from '@/shared/theme'
import App from './App.vue'
import { router } from './routes'

async function start() {
  startTheme()
  const words = await startLanguage({
    zh: () => import('./locales/zh'),
    en: () => import('./locales/en'),
  })
  createApp(App).use(words).use(router).mount('#app')
}

void start()
