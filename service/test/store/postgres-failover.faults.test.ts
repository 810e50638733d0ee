import { afterEach, expect, test } from 'vitest'
import { type PostgresServer, startPostgres } from '../../../test/support/start-postgres.ts'
import { startReplica } from '../../../test/support/start-replica.ts'
import { waitUntil } from '../../../test/support/start-service.ts'
import { revokeApiKey } from '../../src/api-key.ts'
import type { Store } from '../../src/store/store.ts'
import { StoreUnavailableError } from '../../src/store/store-error.ts'
import { openPostgres, run } from './postgres-under-test.ts'
import { audit, newKey } from './store-fixtures.ts'

const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

async function server(start: Promise<PostgresServer>): Promise<PostgresServer> {
  const started = await start
  endings.push(() => started.remove())
  return started
}

async function open(...servers: readonly PostgresServer[]): Promise<Store> {
  const hosts = servers.map(({ host, port }) => `${host}:${port}`).join(',')
  const url = servers[0]?.url().replace(/@[^/]+\//, `@${hosts}/`) ?? ''
  const store = await openPostgres(url, { limits: { queryTimeoutMs: 4000, connectTimeoutMs: 2000 } })
  endings.push(() => store.close())
  return store
}

/** Creates and revokes keys without a pause, and keeps what was acknowledged. */
function write(store: Store) {
  const created = new Set<string>()
  const revoked = new Set<string>()
  let refused = 0
  let writing = true
  const writer = async () => {
    while (writing) {
      const added = newKey()
      const { keyId } = added.key
      try {
        await store.insertApiKey(added)
        created.add(keyId)
        await store.changeApiKey(keyId, (key) => ({
          key: revokeApiKey(key),
          audit: audit(keyId, 'key.revoke'),
        }))
        revoked.add(keyId)
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error
        refused += 1
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
  }
  const writers = Promise.all([writer(), writer(), writer()])
  return {
    revoked,
    refused: () => refused,
    /** Waits until more is acknowledged than was so far. */
    async goesOn() {
      const before = revoked.size
      await waitUntil(
        () => revoked.size > before + 5,
        () => `nothing is written any more, ${refused} were refused`,
      )
    },
    /** Ends the writers and looks up all that was acknowledged. */
    async expectNothingLost() {
      writing = false
      await writers
      for (const keyId of created) {
        const key = await store.findApiKey(keyId)
        expect(key, keyId).toBeDefined()
        if (revoked.has(keyId)) expect(key?.state).toBe('revoked')
        // Whole or not at all: one audit row a change.
        const rows = (await store.listAuditEntries(keyId, 10)).length
        expect(rows).toBe(key?.state === 'revoked' ? 2 : 1)
      }
      const { changes, revision } = await store.readChanges(0)
      expect(revision).toBeGreaterThanOrEqual(revoked.size)
      expect(new Set(changes.map((change) => change.revision)).size).toBe(changes.length)
    },
  }
}

test('a server that is killed or restarted under load loses nothing that it acknowledged, and is used again', async () => {
  const primary = await server(startPostgres())
  const store = await open(primary)
  const { epoch } = await store.readChanges(null)
  const writing = write(store)
  for (let round = 0; round < 8; round += 1) {
    await writing.goesOn()
    await (round % 2 === 0 ? primary.kill() : primary.stop(round % 4 === 1 ? 'fast' : 'immediate'))
    await primary.start()
  }
  await writing.goesOn()
  await writing.expectNothingLost()
  expect(writing.refused()).toBeGreaterThan(0)
  expect((await store.readChanges(null)).epoch).toBe(epoch)
})

test('the primary is killed under load: its synchronous standby is promoted and nothing acknowledged is lost', async () => {
  const primary = await server(startPostgres())
  const standby = await server(startReplica(primary, { synchronous: true }))
  // A standby that can only be read stands first, and is passed over until it is promoted.
  const store = await open(standby, primary)
  expect(await store.readWarnings()).not.toContainEqual(expect.stringContaining('no synchronous standby'))
  let hints = 0
  const hearing = store.hearChanges(() => {
    hints += 1
  })
  endings.push(() => hearing.close())
  const writing = write(store)
  await writing.goesOn()
  await primary.kill()
  await standby.promote()
  await writing.goesOn()
  const heard = hints
  await writing.goesOn()
  await waitUntil(
    () => hints > heard,
    () => 'no change is heard of after the failover',
  )
  await writing.expectNothingLost()
  expect(writing.refused()).toBeGreaterThan(0)
})

test('a standby that lacked changes gives their revisions again: whoever knows those of before begins anew', async () => {
  const primary = await server(startPostgres())
  const standby = await server(startReplica(primary))
  const store = await open(primary, standby)
  const { key } = newKey()
  await store.insertApiKey({ key, audit: audit(key.keyId) })
  const rename = (name: string) =>
    store.changeApiKey(key.keyId, (current) => ({ key: { ...current, name }, audit: audit(key.keyId) }))
  await rename('first')
  const lsn = async (at: PostgresServer, what: string) =>
    String((await run(at.url(), `select ${what} as lsn`))[0]?.lsn)
  const written = await lsn(primary, 'pg_current_wal_lsn()')
  await waitUntil(
    async () => (await lsn(standby, `pg_last_wal_replay_lsn() >= '${written}'`)) === 'true',
    () => 'the standby does not follow',
  )
  await standby.kill()
  await rename('lost')
  const before = await store.readChanges(null)
  await primary.kill()
  await standby.start()
  await standby.promote()
  await waitUntil(
    () =>
      store.ping().then(
        () => true,
        () => false,
      ),
    () => 'the standby is not used',
  )
  await rename('instead of it')
  const after = await store.readChanges(null)
  expect(after.revision).toBe(before.revision)
  expect(after.epoch).not.toBe(before.epoch)
  expect(after.epoch).toMatch(/^[0-9a-f]{32}$/)
})

test('a synchronous standby that is away lets no change be acknowledged, and none is told as undone', async () => {
  const primary = await server(startPostgres())
  const standby = await server(startReplica(primary, { synchronous: true }))
  const store = await open(primary)
  await store.insertApiKey(newKey())
  await standby.kill()
  const added = newKey()
  await expect(store.insertApiKey(added)).rejects.toThrow(
    'PostgreSQL does not answer (QUERY_TIMEOUT); whether the change was made is not known',
  )
  await standby.start()
  await waitUntil(
    () =>
      store.insertApiKey(newKey()).then(
        () => true,
        () => false,
      ),
    () => 'nothing is written although the standby is back',
  )
})

test('a server without a free connection refuses only who needs a new one', async () => {
  const primary = await server(
    startPostgres({ settings: { max_connections: 8, superuser_reserved_connections: 0 } }),
  )
  const store = await open(primary)
  await store.insertApiKey(newKey())
  const others = await Promise.all(Array.from({ length: 7 }, () => open(primary).catch(() => undefined)))
  const refused = open(primary)
  await expect(refused).rejects.toThrow(/\(53300: it has no connection left\)/)
  // The one that it has goes on.
  await store.insertApiKey(newKey())
  await others[0]?.close()
})
