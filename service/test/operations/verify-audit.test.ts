import { createSecretKey, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { formatChainHead, parseChainHead } from '../../src/audit-chain.ts'
import { pruneOldAudit } from '../../src/audit-retention.ts'
import { verifyAudit } from '../../src/operations/verify-audit.ts'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import type { Store } from '../../src/store/store.ts'
import { audit, newKey } from '../store/store-fixtures.ts'

const KEY = createSecretKey(Buffer.alloc(32, 1))
const DAY = 86_400

let folder: string
let file: string
let store: Store

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-audit-'))
  file = join(folder, 'a.db')
  store = openSqliteStore(file)
  store.chainAudit(async () => KEY)
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

async function write(rows: number, at = 1000): Promise<void> {
  for (let count = 0; count < rows; count += 1) {
    const { key } = newKey()
    await store.insertApiKey({ key, audit: { ...audit(key.keyId), at } })
  }
}

/** What somebody does who can write to the database and has no key. */
function tamper(...statements: string[]): void {
  const db = new Database(file)
  for (const statement of statements) db.exec(statement)
  db.close()
}

test('an audit that nobody touched is whole, and its head is kept outside and found again', async () => {
  expect(await verifyAudit(store, KEY)).toMatchObject({ faults: [], rows: 0, head: undefined })
  await write(5)
  const { faults, rows, unchained, head } = await verifyAudit(store, KEY)
  expect({ faults, rows, unchained, id: head?.id }).toEqual({ faults: [], rows: 5, unchained: 0, id: 5 })
  const kept = parseChainHead(formatChainHead(head ?? { id: 0, mac: Buffer.alloc(0) }))
  await write(2)
  expect((await verifyAudit(store, KEY, kept)).faults).toEqual([])
})

test.each<[string, string[], { kind: string; id: number }]>([
  ['another actor', ["update audit set actor = 'other' where id = 3"], { kind: 'row changed', id: 3 }],
  ['another time', ['update audit set at = at + 1 where id = 5'], { kind: 'row changed', id: 5 }],
  ['another state before', [`update audit set "before" = '{}' where id = 1`], { kind: 'row changed', id: 1 }],
  ['a place for the origin', ["update audit set origin = 'x' where id = 2"], { kind: 'row changed', id: 2 }],
  ['another hash', ['update audit set mac = zeroblob(32) where id = 4'], { kind: 'row changed', id: 4 }],
  ['no hash', ['update audit set mac = null where id = 4'], { kind: 'row not chained', id: 4 }],
  ['a row that is gone', ['delete from audit where id = 3'], { kind: 'row missing', id: 3 }],
  ['the first row gone', ['delete from audit where id = 1'], { kind: 'row missing', id: 1 }],
  ['the last row gone', ['delete from audit where id = 5'], { kind: 'row missing', id: 5 }],
  [
    'a row put in',
    [
      "insert into audit select 6, at, actor, action, 'x', detail, origin, before, after, mac from audit where id = 5",
    ],
    { kind: 'row changed', id: 6 },
  ],
  [
    'two rows in each other’s place',
    [
      'update audit set id = 99 where id = 2',
      'update audit set id = 2 where id = 3',
      'update audit set id = 3 where id = 99',
    ],
    { kind: 'row changed', id: 2 },
  ],
  [
    'no hash from the beginning on',
    ['update audit set mac = null where id <= 3', "update audit set actor = 'other' where id = 1"],
    { kind: 'row changed', id: 4 },
  ],
  [
    'a checkpoint of somebody else',
    [
      'insert into audit_checkpoints select id, 2, at, mac, zeroblob(32) from audit where id = 2',
      'delete from audit where id <= 2',
    ],
    { kind: 'checkpoint changed', id: 2 },
  ],
])('%s is found', async (_, statements, fault) => {
  await write(5)
  tamper(...statements)
  expect((await verifyAudit(store, KEY)).faults[0]).toEqual(fault)
})

test('a tail that was cut off together with the note of it is found by a head from before, and by nothing else', async () => {
  await write(5)
  const { head } = await verifyAudit(store, KEY)
  tamper(
    'delete from audit where id > 3',
    'update audit_head set last_id = 3, mac = (select mac from audit where id = 3)',
  )
  expect((await verifyAudit(store, KEY)).faults).toEqual([])
  expect((await verifyAudit(store, KEY, head)).faults).toEqual([{ kind: 'head not found', id: 5 }])
  await write(3)
  expect((await verifyAudit(store, KEY, head)).faults).toEqual([{ kind: 'head not found', id: 5 }])
})

test('another key takes no row for its own', async () => {
  await write(2)
  const other = createSecretKey(randomBytes(32))
  expect((await verifyAudit(store, other)).faults[0]).toEqual({ kind: 'row changed', id: 1 })
})

test('what fails writes no row and leaves the chain whole', async () => {
  await write(1)
  const { key } = newKey()
  const broken = { ...audit(key.keyId), actor: null as unknown as string }
  await expect(store.insertApiKey({ key, audit: broken })).rejects.toThrow()
  await write(1)
  expect(await verifyAudit(store, KEY)).toMatchObject({ faults: [], rows: 2 })
})

test('rows from before there was a chain are counted, and what comes behind them is chained', async () => {
  await store.close()
  store = openSqliteStore(file)
  await write(3)
  store.chainAudit(async () => KEY)
  await write(2)
  expect(await verifyAudit(store, KEY)).toMatchObject({ faults: [], rows: 5, unchained: 3 })
})

describe('retention', () => {
  const prune = (now: number) =>
    pruneOldAudit({ store, retentionDays: 10, now: () => now }, { actor: 'schedule', origin: 'start' })

  test('rows go when their time is over, to the second, and the chain is whole from its checkpoint on', async () => {
    await write(3, 1000)
    await write(2, 1001)
    expect(await prune(1000 + 10 * DAY)).toBe(0)
    expect(await prune(1001 + 10 * DAY)).toBe(3)
    const after = await verifyAudit(store, KEY)
    expect(after).toMatchObject({ faults: [], rows: 3, removed: 3 })
    expect(await store.listAuditEntries('', 10)).toMatchObject([
      { action: 'audit.prune', actor: 'schedule', detail: { rows: 3, last_id: 3 } },
    ])
  })

  test('one pruning goes on from the other, and a head that is the checkpoint itself is found', async () => {
    await write(2, 1000)
    const { head } = await verifyAudit(store, KEY)
    await prune(1001 + 10 * DAY)
    expect((await verifyAudit(store, KEY, head)).faults).toEqual([])
    await write(1, 1002 + 10 * DAY)
    expect(await prune(1002 + 20 * DAY)).toBe(1)
    expect(await verifyAudit(store, KEY)).toMatchObject({ faults: [], removed: 3 })
    tamper('delete from audit_checkpoints where last_id > 2')
    expect((await verifyAudit(store, KEY)).faults).not.toEqual([])
  })
})
