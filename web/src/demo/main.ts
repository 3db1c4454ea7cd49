import '@/shared/tokens.css'
import './demo.css'
import { createApp } from 'vue'
import { startLanguage } from '@/shared/language'
import { startTheme } from '@/shared/theme'
import App from './App.vue'

async function start() {
  startTheme()
  const words = await startLanguage({
    zh: () => import('./locales/zh'),
    en: () => import('./locales/en'),
  })
  document.title = words.global.t('title')
  createApp(App).use(words).mount('#app')
}

void start()
