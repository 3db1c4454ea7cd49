/** What the built files need before they may be shipped: no address of another host, and a
 * compressed twin beside every text file, so that the server never compresses while it answers. */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

const TEXT = /\.(js|css|html|svg|json|txt)$/
const WORTH_IT = 1024

/** Vant's icon font names a file on another host after the inlined one; nothing needs it. */
export function withoutForeignFonts(): Plugin {
  return {
    name: 'without-foreign-fonts',
    enforce: 'pre',
    transform(code, id) {
      if (!/\.css($|\?)/.test(id) || !code.includes('alicdn')) return null
      const fonts = /,?\s*url\(["']?(?:https?:)?\/\/at\.alicdn\.com[^)]*\)\s*format\([^)]*\)/g
      return { code: code.replace(fonts, ''), map: null }
    },
  }
}

/** Writes `name.gz` and `name.br` beside every text file of the output folder. */
export function compressedTwins(): Plugin {
  let folder = ''
  return {
    name: 'compressed-twins',
    apply: 'build',
    configResolved(config) {
      folder = resolve(config.root, config.build.outDir)
    },
    async closeBundle() {
      for (const path of await filesUnder(folder)) {
        if (!TEXT.test(path)) continue
        const bytes = await readFile(path)
        if (bytes.length < WORTH_IT) continue
        await writeFile(`${path}.gz`, gzipSync(bytes, { level: 9 }))
        const quality = { [constants.BROTLI_PARAM_QUALITY]: 11 }
        await writeFile(`${path}.br`, brotliCompressSync(bytes, { params: quality }))
      }
    },
  }
}

async function filesUnder(folder: string): Promise<string[]> {
  const found: string[] = []
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    if ((await stat(path)).isDirectory()) found.push(...(await filesUnder(path)))
    else found.push(path)
  }
  return found
}
