import { runScript } from './run-command.mjs'

/**
 * One thing that the project checks, named by the sentence that it proves.
 *
 * @typedef {{ name: string, command: readonly string[] }} Step
 */

/** The build, on which the other steps stand. @type {Step} */
export const BUILD = { name: 'Every workspace builds and type-checks', command: ['tools/build.mjs'] }

/** What needs no test run. @type {readonly Step[]} */
export const CHECKS = [
  {
    name: 'Tests, tools, examples and benchmarks type-check',
    command: ['node_modules/typescript/bin/tsc', '--project', 'tsconfig.check.json', '--pretty', 'false'],
  },
  {
    name: 'Lint and format are clean',
    command: ['node_modules/@biomejs/biome/bin/biome', 'ci', '--error-on-warnings', '--colors=off', '.'],
  },
  { name: 'Imports follow the arrows of the house', command: ['tools/check-imports.mjs'] },
  { name: 'Packages are pinned to exact versions and hashes', command: ['tools/check-lock.mjs'] },
  { name: 'Documents name what exists', command: ['tools/check-docs.mjs'] },
  { name: 'Generated files are up to date', command: ['tools/generate.mjs', '--check'] },
]

/**
 * Runs a step and says on standard output how it went, its output in full when it failed.
 *
 * @param {Step} step
 * @returns {Promise<boolean>} Whether it passed.
 */
export async function runStep({ name, command }) {
  const started = performance.now()
  const { code, output } = await runScript(command)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const passed = code === 0
  process.stdout.write(
    `${passed ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)\n${passed ? '' : indent(output)}`,
  )
  return passed
}

/** @param {string} text */
function indent(text) {
  return text
    .trimEnd()
    .replace(/^(?=.)/gm, '       ')
    .concat('\n')
}
