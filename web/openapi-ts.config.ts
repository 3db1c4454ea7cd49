import { defineConfig } from '@hey-api/openapi-ts'

export default defineConfig({
  input: process.env.PAIDAN_OPENAPI ?? './openapi.json',
  output: { path: './src/api/generated' },
  // Types only: the few lines of shared/ask.ts do the asking, and cost no bytes on the wire.
  plugins: [{ name: '@hey-api/typescript', enums: false }],
})
