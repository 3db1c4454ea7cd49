/** Builds the bare page; `tests/bench/web.py` names the folder for it. */
import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  root: here('.'),
  base: './',
  plugins: [vue()],
  build: {
    target: ['chrome87', 'safari14'],
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { input: here('bare.html') },
  },
})
