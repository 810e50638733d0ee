import { defineConfig } from 'vitest/config'

const long = process.env.TEST_LONG === 'true'

export default defineConfig({
  test: {
    include: long
      ? ['*/test/**/*.long.test.ts', 'test/**/*.long.test.ts']
      : ['*/test/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', ...(long ? [] : ['**/*.long.test.ts'])],
    testTimeout: long ? 600_000 : 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    globalSetup: 'test/support/postgres-for-the-run.ts',
    allowOnly: false,
  },
})
