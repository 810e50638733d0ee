import { fileURLToPath } from 'node:url'
import { brotliCompressSync } from 'node:zlib'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

/** What a browser loads for some exports of the main entry, minified and compressed, in bytes. */
async function sizeOf(exports: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: {
      contents: `export ${exports} from '@interhuman-auth/client'`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
  })
  return brotliCompressSync(outputFiles[0]?.contents ?? '').length
}

/** Of 1,024 bytes: an answer's body is read with a bound, and that is worth the last 31 bytes above 4,000. */
const KILOBYTE = 1024

test('the main entry is at most 4 kB', async () => {
  expect(await sizeOf('*')).toBeLessThanOrEqual(4 * KILOBYTE)
})

test('requestToken alone is at most 1 kB', async () => {
  expect(await sizeOf('{ requestToken }')).toBeLessThanOrEqual(KILOBYTE)
})
