import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ROOT } from './project.mjs'
import { runScript } from './run-command.mjs'
import { emptyTally } from './tally.mjs'

/**
 * Runs vitest, shows its output as it comes, and counts.
 *
 * @param {object} options
 * @param {'short' | 'long' | 'faults'} options.kind Which tests are run: those of `npm test`, `*.long.test.ts` or `*.faults.test.ts`.
 * @param {string} [options.root] Whose tests; the repository's unless told.
 * @param {boolean} [options.show] Whether the output is shown; it is unless told.
 * @returns {Promise<import('./tally.mjs').Tally>} A run that ends with an error and counts no failure is one failure.
 */
export async function runVitest({ kind, root = ROOT, show = true }) {
  const folder = await mkdtemp(path.join(tmpdir(), 'vitest-tally-'))
  const file = path.join(folder, 'tally.json')
  try {
    const reporters = ['--reporter=default', `--reporter=${path.join(ROOT, 'tools/vitest-tally.mjs')}`]
    const { code } = await runScript(
      ['node_modules/vitest/vitest.mjs', 'run', '--root', root, ...reporters],
      {
        show,
        env: { VITEST_TALLY: file, NO_COLOR: '1', TEST_KIND: kind },
      },
    )
    const text = await readFile(file, 'utf8').catch(() => JSON.stringify(emptyTally()))
    /** @type {import('./tally.mjs').Tally} */
    const tally = JSON.parse(text)
    return code !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally
  } finally {
    await rm(folder, { recursive: true })
  }
}
