import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'
import { compressedTwins, withoutForeignFonts } from './build/dist.ts'
import { deepLinks } from './build/entries.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const ENTRIES = ['console', 'portal', 'demo']
const desk = process.env.PAIDAN_DEV_DESK ?? 'http://127.0.0.1:8000'

// DingTalk on Android reports a Chrome 100 kernel: newer CSS and built-ins are compiled away.
const OLD_BROWSERS = ['chrome87', 'safari14']

export default defineConfig({
  root: here('.'),
  appType: 'mpa',
  plugins: [vue(), withoutForeignFonts(), deepLinks(ENTRIES), compressedTwins()],
  resolve: { alias: { '@': here('src') } },
  define: {
    __VUE_OPTIONS_API__: 'true', // Element Plus and Vant hold a few option components
    __VUE_PROD_DEVTOOLS__: 'false',
    __VUE_I18N_FULL_INSTALL__: 'false',
    __VUE_I18N_LEGACY_API__: 'false',
    __INTLIFY_PROD_DEVTOOLS__: 'false',
  },
  build: {
    outDir: here('dist'),
    emptyOutDir: true,
    target: OLD_BROWSERS,
    cssTarget: OLD_BROWSERS,
    modulePreload: { polyfill: false }, // the polyfill would be an inline script
    reportCompressedSize: false,
    rolldownOptions: {
      input: Object.fromEntries(ENTRIES.map((name) => [name, here(`${name}/index.html`)])),
    },
  },
  server: {
    proxy: { '/api': { target: desk, changeOrigin: false } },
  },
  test: {
    environment: 'jsdom',
    include: ['tests/**/*.test.ts'],
    server: { deps: { inline: ['element-plus', 'vant'] } },
  },
})
