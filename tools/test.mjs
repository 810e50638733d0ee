import { listFiles } from './list-files.mjs'
import { ROOT } from './project.mjs'
import { requireNode } from './require-node.mjs'
import { runVitest } from './run-vitest.mjs'
import { runMatrix } from './runtimes/run.mjs'
import { BUILD, CHECKS, runStep } from './steps.mjs'
import { addTallies, emptyTally, formatTally, tallyOf } from './tally.mjs'

// npm test: everything that this project checks. npm run test:long: the tests that take longer than a minute.
// The last line is the count. With CI=true a skipped test is a failure of the run, since CI has every part.

requireNode('npm test')
const tally = process.argv.includes('--long') ? await testLong() : await testAll()
const ranNothing = tally.passed + tally.failed === 0 && !process.argv.includes('--long')
const skippedInCi = process.env.CI === 'true' && tally.skipped.length > 0
if (skippedInCi)
  process.stdout.write('\nCI has every part: what is skipped there counts as a failure of the run.\n')
process.stdout.write(formatTally(tally))
process.exitCode = tally.failed > 0 || ranNothing || skippedInCi ? 1 : 0

async function testAll() {
  if (!(await runStep(BUILD))) return tallyOf([false])
  const checks = tallyOf([true, ...(await Promise.all(CHECKS.map(runStep)))])
  const tests = await runVitest({ long: false })
  return addTallies([checks, tests, await runMatrix()])
}

async function testLong() {
  const files = (await listFiles(ROOT)).filter((file) => file.endsWith('.long.test.ts'))
  if (files.length === 0) {
    process.stdout.write('There is no long test.\n')
    return emptyTally()
  }
  if (!(await runStep(BUILD))) return tallyOf([false])
  return runVitest({ long: true })
}
