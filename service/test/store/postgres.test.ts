import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/support/create-test-database.ts'
import { EXCLUSIVE } from '../../src/store/postgres-migrate.ts'
import { MAX_CALLERS } from '../../src/usage.ts'
import { emptyPostgres, openPostgres, run } from './postgres-under-test.ts'
import { storeSuite } from './store-suite.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.remove())

storeSuite('PostgreSQL', {
  module: new URL('postgres-under-test.ts', import.meta.url),
  exported: 'openPostgres',
  async create() {
    await emptyPostgres(database.url)
    return { location: database.url, remove() {} }
  },
  open: (location) => openPostgres(location),
})

test('leases whose time is over are dropped by whoever renews, and nodes that come back together renew theirs', async () => {
  await emptyPostgres(database.url)
  const nodes = await Promise.all([openPostgres(database.url), openPostgres(database.url)])
  try {
    const { epoch } = await nodes[0].readChanges(null)
    const leaseOf = (node: number, revision: number) =>
      ({ holder: `${node}`, kind: 'node', name: `node ${node}`, revision }) as const
    const renew = (revision: number) =>
      Promise.all(
        nodes.map((store, node) => store.readChanges(null, { epoch, leases: [leaseOf(node, revision)] })),
      )
    await run(database.url, 'update change_head set revision = 9')
    await renew(9)
    await run(
      database.url,
      "insert into leases select 'gone' || n, 'node', 'gone', 1, 1 from generate_series(1, 50) as n",
    )
    for (let round = 0; round < 20; round += 1) {
      await run(database.url, 'update leases set expires_at_ms = 1')
      await renew(7)
      expect(await nodes[0].listLeases()).toEqual([leaseOf(0, 7), leaseOf(1, 7)])
    }
    const rows = await run(database.url, 'select holder from leases order by holder')
    expect(rows).toEqual([{ holder: '0' }, { holder: '1' }])
  } finally {
    for (const node of nodes) await node.close()
  }
})

test('a reading and the renewal of leases with it are one transaction', async () => {
  await emptyPostgres(database.url)
  const store = await openPostgres(database.url)
  try {
    const { epoch } = await store.readChanges(null)
    const [before] = await run(database.url, 'select pg_current_xact_id()::text::bigint as id')
    await store.readChanges(0, { epoch, leases: [{ holder: 'a', kind: 'node', name: 'a', revision: 0 }] })
    await store.readChanges(0)
    const [after] = await run(database.url, 'select pg_current_xact_id()::text::bigint as id')
    expect(Number(after?.id) - Number(before?.id)).toBe(2)
  } finally {
    await store.close()
  }
})

test('uses are counted while a change is written and by several nodes at once: nobody waits for the other, none is lost', async () => {
  await emptyPostgres(database.url)
  const nodes = await Promise.all([openPostgres(database.url), openPostgres(database.url)])
  const changing = new Client({ connectionString: database.url })
  await changing.connect()
  try {
    await changing.query('begin')
    await changing.query(EXCLUSIVE)
    const callers = Array.from({ length: 2 * MAX_CALLERS }, (_, index) => `192.0.2.${100 + index}`)
    const usesOf = (round: number) =>
      ['a', 'b', 'c'].flatMap((keyId) =>
        callers
          .filter((_, index) => (index + round) % 3 > 0)
          .map((address, index) => ({
            ...{ keyId, secretNumber: 1, address, userAgent: '', verifierId: '', uses: 1 },
            lastUsedAt: 1000 + ((index * 7 + round * 13) % 40),
          })),
      )
    const rounds = Array.from({ length: 24 }, (_, round) => usesOf(round))
    await Promise.all(rounds.map((uses, round) => nodes[round % 2]?.addSecretUses(uses)))
    const kept = await nodes[0].listSecretUses('a')
    expect(kept.reduce((sum, { uses }) => sum + uses, 0)).toBe(rounds.flat().length / 3)
    expect(kept).toHaveLength(MAX_CALLERS + 1)
  } finally {
    await changing.end()
    for (const node of nodes) await node.close()
  }
})
