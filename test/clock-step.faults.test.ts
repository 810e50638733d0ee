import { randomBytes } from 'node:crypto'
import {
  INTROSPECTION_PATH,
  READY_PATH,
  TOKEN_ENDPOINTS,
  type TokenResponse,
  UPLOAD_SCOPE,
} from '@interhuman-auth/protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ServiceNode, startNode } from './support/start-node.ts'
import { startPostgres } from './support/start-postgres.ts'
import { runService, startService, waitUntil } from './support/start-service.ts'
import { makeSteppedClock, type SteppedClock } from './support/step-clock.ts'

// The clock of a machine is set while the service runs on it: real processes, whose system calls for the wall clock tell
// another time, and whose monotonic clock goes on.

const HOUR = 3600

interface Key {
  readonly key_id: string
  readonly key_secret: string
}

const ends: (() => unknown)[] = []
let clock: SteppedClock
beforeEach((context) => {
  const made = makeSteppedClock()
  if (made === undefined) return context.skip('no libfaketime on this machine (Debian: faketime)')
  clock = made
  ends.push(() => clock.remove())
})
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function exchange(url: string, { key_id, key_secret }: Key) {
  const response = await fetch(url + TOKEN_ENDPOINTS.v1, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ key_id, key_secret, scopes: [UPLOAD_SCOPE] }),
    signal: AbortSignal.timeout(20_000),
  })
  return { status: response.status, token: ((await response.json()) as TokenResponse).access_token }
}

async function introspect(url: string, verifier: string, token: string): Promise<Record<string, unknown>> {
  const response = await fetch(url + INTROSPECTION_PATH, {
    method: 'POST',
    headers: { Authorization: `Bearer ${verifier}` },
    body: new URLSearchParams({ token }),
    signal: AbortSignal.timeout(20_000),
  })
  return (await response.json()) as Record<string, unknown>
}

const readyStatus = async (url: string) => (await fetch(url + READY_PATH)).status
const settle = (description: string, holds: () => Promise<boolean>) =>
  waitUntil(holds, () => `this did not come true: ${description}`)

/** An operator whose own clock is right. */
const operatorOf = (settings: Readonly<Record<string, string>>) => {
  const run = async (...args: readonly string[]) => {
    const result = await runService([...args, '--json'], settings)
    if (result.code !== 0) throw new Error(`${args.join(' ')}: ${result.stderr}`)
    return JSON.parse(result.stdout)
  }
  return {
    run,
    createKey: (...more: string[]): Promise<Key> =>
      run('keys', 'create', '--name', 'test', '--scope', UPLOAD_SCOPE, ...more),
    createVerifier: async (): Promise<string> =>
      (await run('verifiers', 'create', '--name', 'test')).verifier_secret,
  }
}

describe('of two nodes on PostgreSQL one has its clock stepped by an hour', () => {
  let settings: Record<string, string>
  let stepped: ServiceNode
  let other: ServiceNode
  beforeEach(async () => {
    const postgres = await startPostgres()
    ends.push(() => postgres.remove())
    settings = {
      INTERHUMAN_AUTH_MASTER_KEY: randomBytes(32).toString('base64url'),
      INTERHUMAN_AUTH_DATABASE_URL: postgres.url(),
    }
    other = await startNode(settings)
    ends.push(() => other.kill())
    stepped = await startNode({ ...settings, ...clock.env })
    ends.push(() => stepped.kill())
  }, 120_000)

  test.each([
    ['forth', HOUR],
    ['back', -HOUR],
  ])(
    '%s: it says that it is not ready, and what it issues, accepts and refuses goes by the database’s time',
    async (_direction, seconds) => {
      const operator = operatorOf(settings)
      const verifier = await operator.createVerifier()
      const key = await operator.createKey('--expires-in-seconds', String(HOUR / 2))
      const ending = await operator.createKey('--expires-in-seconds', '4')
      const before = await exchange(stepped.url, key)
      clock.step(seconds)

      await settle('the stepped node is not ready', async () => (await readyStatus(stepped.url)) === 503)
      expect(await readyStatus(other.url)).toBe(200)
      const during = await exchange(stepped.url, key)
      expect(during.status).toBe(200)
      for (const { url } of [stepped, other])
        for (const { token } of [before, during]) {
          const told = await introspect(url, verifier, token)
          expect(told).toMatchObject({ active: true, client_id: key.key_id })
          expect(Math.abs(Number(told.iat) - Date.now() / 1000)).toBeLessThan(60)
        }
      await settle('the key ends', async () => (await exchange(stepped.url, ending)).status === 401)
      await operator.run('keys', 'revoke', key.key_id, '--wait')
      expect((await exchange(stepped.url, key)).status).toBe(401)
      for (const { url } of [stepped, other])
        expect(await introspect(url, verifier, during.token)).toEqual({ active: false })

      clock.step(0)
      await settle('the node is ready again', async () => (await readyStatus(stepped.url)) === 200)
      for (const dead of [key, ending]) expect((await exchange(stepped.url, dead)).status).toBe(401)
      const living = await operator.createKey()
      const { token } = await exchange(stepped.url, living)
      expect(await introspect(other.url, verifier, token)).toMatchObject({ active: true })
    },
    120_000,
  )
})

test('with SQLite the clock is stepped by an hour forth, back behind its time, and right again: keys and signing keys stay', async () => {
  const service = await startService({ env: clock.env })
  ends.push(() => service.stop())
  const operator = operatorOf({ INTERHUMAN_AUTH_DATA_DIR: service.dataDir })
  const verifier = await operator.createVerifier()
  const key = await operator.createKey('--expires-in-seconds', String(HOUR / 2))
  const { token } = await exchange(service.url, key)
  expect(await introspect(service.url, verifier, token)).toMatchObject({ active: true })

  clock.step(HOUR)
  expect((await exchange(service.url, key)).status).toBe(401)
  expect(await introspect(service.url, verifier, token)).toEqual({ active: false })
  const living = await operator.createKey()
  const early = await exchange(service.url, living)
  expect(early.status).toBe(200)

  clock.step(-HOUR)
  // It was issued in what is the future now.
  expect(await introspect(service.url, verifier, early.token)).toEqual({ active: false })
  expect((await exchange(service.url, living)).status).toBe(200)
  await operator.run('keys', 'revoke', key.key_id)
  expect((await exchange(service.url, key)).status).toBe(401)

  clock.step(0)
  expect((await exchange(service.url, key)).status).toBe(401)
  expect(await introspect(service.url, verifier, token)).toEqual({ active: false })
  const late = await exchange(service.url, living)
  expect(await introspect(service.url, verifier, late.token)).toMatchObject({ active: true })
  expect((await runService(['audit', 'verify'], { INTERHUMAN_AUTH_DATA_DIR: service.dataDir })).code).toBe(0)
  expect(await readyStatus(service.url)).toBe(200)
}, 120_000)
