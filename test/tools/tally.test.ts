import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { isNewEnough } from '../../tools/require-node.mjs'
import { runVitest } from '../../tools/run-vitest.mjs'
import { addTallies, formatTally, tallyOf } from '../../tools/tally.mjs'

const cache = fileURLToPath(new URL('../../.cache', import.meta.url))
const folders: string[] = []

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

/** A folder of tests inside the repository, so that they find vitest, with what vitest is told to run it. */
async function tests(files: Record<string, string>) {
  await mkdir(cache, { recursive: true })
  const folder = await mkdtemp(path.join(cache, 'tally-'))
  folders.push(folder)
  const config = "export default { test: { include: ['*.test.ts'] } }\n"
  for (const [file, text] of Object.entries({ ...files, 'vitest.config.ts': config }))
    await writeFile(path.join(folder, file), text)
  return runVitest({ kind: 'short', root: folder, show: false })
}

test('passes, failures, files that do not load and skips are counted, each skip with its reason; one without is a failure', async () => {
  const tally = await tests({
    'a.test.ts': `import { describe, expect, test } from 'vitest'
      test('passes', () => {})
      test('fails', () => { expect(1).toBe(2) })
      test('lacks a part', (context) => { context.skip('no browser here') })
      describe.skip('a part (needs no network)', () => { test('lacks another', () => {}) })
      test.skip('says nothing', () => {})`,
    'b.test.ts': "throw new Error('broken')\n",
  })
  expect(tally).toEqual({
    passed: 1,
    failed: 3,
    skipped: [
      { name: 'a.test.ts > lacks a part', reason: 'no browser here' },
      { name: 'a.test.ts > a part (needs no network) > lacks another', reason: 'needs no network' },
    ],
  })
})

test('a run without any test is a failure', async () => {
  expect(await tests({})).toEqual({ passed: 0, failed: 1, skipped: [] })
})

test('the last line is the count, and the reasons of skips stand above it', () => {
  const tally = addTallies([tallyOf([true, true, false]), { passed: 1, failed: 0, skipped: [] }])
  expect(formatTally(tally)).toBe('\n3 passed, 1 failed\n')
  const skipped = { ...tally, skipped: [{ name: 'a browser', reason: 'there is none' }] }
  expect(formatTally(skipped)).toBe('\nskipped: a browser: there is none\n3 passed, 1 failed, 1 skipped\n')
})

test('a Node is new enough from 22.13 on', () => {
  expect(['20.20.2', '22.12.9', '18.0.0'].filter(isNewEnough)).toEqual([])
  expect(['22.13.0', '22.23.3', '24.0.0'].every(isNewEnough)).toBe(true)
})
