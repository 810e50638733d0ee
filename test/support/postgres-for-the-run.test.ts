import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { TestProject } from 'vitest/node'
import setup from './postgres-for-the-run.ts'

const GIVEN = 'INTERHUMAN_AUTH_TEST_DATABASE_URL'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-given-'))
  // A server that is started has its folder in there.
  vi.stubEnv('TMPDIR', folder)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

test('a PostgreSQL that is given is the one of the run, none is started, and the service does not see its address', async () => {
  vi.stubEnv(GIVEN, 'postgres://LEAK@given.example/postgres')
  let broker = ''
  const end = await setup({
    provide(_name: string, address: string) {
      broker = address
    },
  } as unknown as TestProject)
  try {
    expect(process.env[GIVEN]).toBeUndefined()
    for (let time = 0; time < 2; time += 1)
      expect(await (await fetch(broker)).text()).toBe('postgres://LEAK@given.example/postgres')
    expect(tmpdir()).toBe(folder)
    expect(readdirSync(folder)).toEqual([])
  } finally {
    await end()
  }
  await expect(fetch(broker)).rejects.toThrow()
})
