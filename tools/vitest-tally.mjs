import { writeFileSync } from 'node:fs'

/** @typedef {import('vitest/node').Reporter} Reporter */

/**
 * A reporter for vitest that writes the tally of the run (see tally.mjs) to the file that the environment
 * variable `VITEST_TALLY` names. A skipped test's reason is the note of `context.skip(note)`, or what stands in its name
 * as `(needs …)`. A skip without a reason is a failure.
 *
 * @implements {Reporter}
 */
export default class TallyReporter {
  /**
   * @param {ReadonlyArray<import('vitest/node').TestModule>} modules
   * @param {ReadonlyArray<unknown>} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    /** @type {import('./tally.mjs').Tally} */
    const tally = { passed: 0, failed: unhandledErrors.length, skipped: [] }
    for (const module of modules) {
      const tests = [...module.children.allTests()]
      for (const test of tests) count(test, tally)
      const failedTests = tests.some((test) => test.result().state === 'failed')
      if (module.state() === 'failed' && !failedTests) tally.failed += 1
    }
    const file = process.env.VITEST_TALLY
    if (file !== undefined) writeFileSync(file, JSON.stringify(tally))
  }
}

/**
 * @param {import('vitest/node').TestCase} test
 * @param {import('./tally.mjs').Tally} tally
 */
function count(test, tally) {
  const result = test.result()
  if (result.state === 'passed') tally.passed += 1
  else if (result.state === 'skipped') {
    const name = `${test.module.relativeModuleId} > ${test.fullName}`
    const reason = result.note ?? /\((needs .+?)\)/.exec(test.fullName)?.[1]
    if (reason !== undefined) tally.skipped.push({ name, reason })
    else {
      tally.failed += 1
      process.stdout.write(`FAILED ${name}: it was skipped without a reason\n`)
    }
  } else tally.failed += 1
}
