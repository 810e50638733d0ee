import { defineConfig } from 'vitest/config'

const kind = process.env.TEST_KIND ?? 'short'
const short = kind === 'short'
const others = ['**/*.long.test.ts', '**/*.faults.test.ts']
// A file that is named on the command line is run whatever its kind.
const named = process.argv.some((word) => /\.(?:long|faults)\b/.test(word))
const exclude = ['**/node_modules/**', '**/dist/**', ...(short && !named ? others : [])]
const files = short ? '**/*.test.ts' : `**/*.${kind}.test.ts`
// Their files leave nothing behind in the process, so that they can take turns in one: half a second less for each.
const shared = '{client,guard,protocol}/test'
// But those that hold the timers of the process in their hand and count them.
const timers = 'client/test/reuse*.test.ts'

export default defineConfig({
  test: {
    testTimeout: short && !named ? 30_000 : 600_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    globalSetup: 'test/support/postgres-for-the-run.ts',
    allowOnly: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'apart',
          include: [`*/test/${files}`, `test/${files}`],
          exclude: [...exclude, `${shared}/!(reuse*)`, `${shared}/*/**`],
        },
      },
      {
        extends: true,
        test: {
          name: 'shared',
          include: [`${shared}/${files}`],
          exclude: [...exclude, timers],
          isolate: false,
        },
      },
    ],
  },
})
