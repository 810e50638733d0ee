import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../test/support/create-test-database.ts'
import { revokeApiKey } from '../src/api-key.ts'
import { watchChanges } from '../src/change-watch.ts'
import { cacheKeys } from '../src/key-cache.ts'
import { openPostgres, run } from './store/postgres-under-test.ts'
import { audit, newKey } from './store/store-fixtures.ts'

// The cache of one node on a real PostgreSQL, while another node changes the keys.

const KEYS = 1_000
const BY_STORE = 20

/** What the store writes for each revocation, in one transaction: as a thousand of them it would take seconds. */
const REVOKE_ALL = `do $$
  declare id text; declare stamp bigint;
  begin
    for id in select key_id from api_keys where state = 'active'
    loop
      update change_head set revision = revision + 1 returning revision into stamp;
      update api_keys set state = 'revoked', generation = 2, revision = stamp where key_id = id;
      insert into changes (revision, kind, subject, generation, at, expires_at)
        select stamp, 'key', id, 2, at, expires_at from changes limit 1;
    end loop;
  end
$$`

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.remove())

test('of 1,000 look-ups under way at once while each of their keys is revoked none gives a living key, and none puts it back', async () => {
  const [node, other] = await Promise.all([openPostgres(database.url), openPostgres(database.url)])
  const watch = await watchChanges({
    store: node,
    node: { holder: randomUUID(), name: 'node' },
    monotonicMs: () => performance.now(),
    wallMs: Date.now,
    onFailure: () => {},
  })
  try {
    const added = Array.from({ length: KEYS }, () => newKey())
    await other.insertApiKeys(added, () => {})
    const ids = added.map(({ key }) => key.keyId)
    const states: string[] = []
    const { promise: revoked, resolve: letGo } = Promise.withResolvers<void>()
    const cache = cacheKeys(
      {
        async findKeyCredentials(keyId) {
          const found = await node.findKeyCredentials(keyId)
          states.push(found?.state ?? 'none')
          if (states.length === KEYS) allRead()
          await revoked
          return found
        },
        findKeyCredentialsBySecret: (secretHash) => node.findKeyCredentialsBySecret(secretHash),
      },
      watch,
      KEYS,
    )
    const { promise: read, resolve: allRead } = Promise.withResolvers<void>()
    const early = Promise.all(ids.map((keyId) => cache.findKeyCredentials(keyId)))
    await read
    expect(new Set(states)).toEqual(new Set(['active']))
    const at = Math.floor(Date.now() / 1000)
    await Promise.all(
      ids.slice(0, BY_STORE).map((keyId) =>
        other.changeApiKey(keyId, (key) => ({
          key: revokeApiKey(key),
          audit: { ...audit(keyId, 'key.revoke'), at },
        })),
      ),
    )
    await run(database.url, REVOKE_ALL)
    await watch.catchUp()
    expect(watch.revision).toBe(KEYS)
    expect(cache.counts().size).toBe(0)
    letGo()
    const late = await Promise.all(ids.map((keyId) => cache.findKeyCredentials(keyId)))
    const answered = [...(await early), ...late]
    expect(new Set(answered.map((key) => key?.state))).toEqual(new Set(['revoked']))
    const before = cache.counts()
    const kept = await Promise.all(ids.map((keyId) => cache.findKeyCredentials(keyId)))
    expect(new Set(kept.map((key) => key?.state))).toEqual(new Set(['revoked']))
    expect(cache.counts()).toEqual({ ...before, size: KEYS, hits: before.hits + KEYS })
    expect(states.slice(KEYS)).toEqual(Array(KEYS).fill('revoked'))
  } finally {
    await watch.close()
    await Promise.all([node.close(), other.close()])
  }
})
