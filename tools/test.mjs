import { listFiles } from './list-files.mjs'
import { ROOT } from './project.mjs'
import { requireNode } from './require-node.mjs'
import { runVitest } from './run-vitest.mjs'
import { runMatrix } from './runtimes/run.mjs'
import { BUILD, CHECKS, runStep } from './steps.mjs'
import { addTallies, emptyTally, formatTally, tallyOf } from './tally.mjs'

// npm test: what every change is checked by. npm run test:long: tests that take long, or of what seldom changes.
// npm run test:faults: those in which processes are killed, servers fail over and disks fill.
// The last line is the count. With CI=true a skipped test is a failure of the run, since CI has every part.

requireNode('npm test')
const kind = /** @type {const} */ (['long', 'faults']).find((name) => process.argv.includes(`--${name}`))
const tally = kind === undefined ? await testAll() : await testOnly(kind)
const ranNothing = tally.passed + tally.failed === 0 && kind === undefined
const skippedInCi = process.env.CI === 'true' && tally.skipped.length > 0
if (skippedInCi)
  process.stdout.write('\nCI has every part: what is skipped there counts as a failure of the run.\n')
process.stdout.write(formatTally(tally))
process.exitCode = tally.failed > 0 || ranNothing || skippedInCi ? 1 : 0

async function testAll() {
  if (!(await runStep(BUILD))) return tallyOf([false])
  const checks = tallyOf([true, ...(await Promise.all(CHECKS.map(runStep)))])
  const tests = await runVitest({ kind: 'short' })
  return addTallies([checks, tests, await runMatrix()])
}

/** @param {'long' | 'faults'} kind */
async function testOnly(kind) {
  const files = (await listFiles(ROOT)).filter((file) => file.endsWith(`.${kind}.test.ts`))
  if (files.length === 0) {
    process.stdout.write(`There is no test of the kind ${kind}.\n`)
    return emptyTally()
  }
  if (!(await runStep(BUILD))) return tallyOf([false])
  return runVitest({ kind })
}
