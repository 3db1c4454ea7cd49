import type { Plugin } from 'vite'

/** In development, a deep link such as /console/tickets/12 answers with its entry's page. */
export function deepLinks(entries: string[]): Plugin {
  return {
    name: 'deep-links',
    configureServer(server) {
      server.middlewares.use((request, _response, next) => {
        const path = (request.url ?? '/').split('?')[0] ?? '/'
        const entry = entries.find((name) => path === `/${name}` || path.startsWith(`/${name}/`))
        if (entry && !/\.\w+$/.test(path)) request.url = `/${entry}/index.html`
        next()
      })
    },
  }
}
