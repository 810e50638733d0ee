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

test('the main entry is at most 4,000 bytes', async () => {
  expect(await sizeOf('*')).toBeLessThanOrEqual(4000)
})

test('requestToken alone is at most 1,000 bytes', async () => {
  expect(await sizeOf('{ requestToken }')).toBeLessThanOrEqual(1000)
})
