import { requireNode } from './require-node.mjs'
import { BUILD, CHECKS, runStep } from './steps.mjs'
import { formatTally, tallyOf } from './tally.mjs'

// npm run check: what needs no test run, side by side, in seconds.

requireNode('npm run check')
const built = await runStep(BUILD)
const outcomes = built ? [built, ...(await Promise.all(CHECKS.map(runStep)))] : [built]
process.stdout.write(formatTally(tallyOf(outcomes)))
process.exitCode = outcomes.every(Boolean) ? 0 : 1
