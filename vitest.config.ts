import { defineConfig } from 'vitest/config'

const kind = process.env.TEST_KIND ?? 'short'
const short = kind === 'short'
const others = ['**/*.long.test.ts', '**/*.faults.test.ts']
// A file that is named on the command line is run whatever its kind.
const named = process.argv.some((word) => /\.(?:long|faults)\b/.test(word))

export default defineConfig({
  test: {
    include: short
      ? ['*/test/**/*.test.ts', 'test/**/*.test.ts']
      : [`*/test/**/*.${kind}.test.ts`, `test/**/*.${kind}.test.ts`],
    exclude: ['**/node_modules/**', '**/dist/**', ...(short && !named ? others : [])],
    testTimeout: short && !named ? 30_000 : 600_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    globalSetup: 'test/support/postgres-for-the-run.ts',
    allowOnly: false,
  },
})
