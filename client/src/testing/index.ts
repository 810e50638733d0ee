export type { TestFailure } from './failure.ts'
export { createTestApi, type TestApi, type TestApiOptions, type TestRequest } from './test-api.ts'
export { createTestClock, type TestClock } from './test-clock.ts'
export type { TestKey } from './test-keys.ts'
