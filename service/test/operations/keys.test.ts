import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Scope, STREAM_SCOPE, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { KeyChangeError } from '../../src/api-key.ts'
import { changeKey } from '../../src/operations/change-key.ts'
import { changeKeyState } from '../../src/operations/change-key-state.ts'
import { commitKey, createKey } from '../../src/operations/create-key.ts'
import { endKeyOverlap } from '../../src/operations/end-overlap.ts'
import { rotateKey } from '../../src/operations/rotate-key.ts'
import { IN_USE_SECONDS } from '../../src/secret-use.ts'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import type { Store } from '../../src/store/store.ts'

// What a command and the operator's API do to a key: the key, the entry that tells of it, and what others hear.

const BOTH: readonly Scope[] = [UPLOAD_SCOPE, STREAM_SCOPE]
const NOW = 1_800_000_000
const by = (now = NOW) => ({ actor: 'admin:ihat_00000000000000000000', origin: '192.0.2.7', now })

let folder: string
let store: Store
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-operations-'))
  store = openSqliteStore(join(folder, 'test.db'))
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

async function newKey() {
  const creation = { name: 'n', scopes: BOTH, expiresAt: null, direct: false }
  return commitKey(store, createKey(creation, by(), randomBytes))
}

async function lastEntry(keyId: string) {
  return (await store.listAuditEntries(keyId, 1))[0]
}

async function refusal(change: Promise<unknown>): Promise<string> {
  const thrown = await change.catch((error: unknown) => error)
  expect(thrown).toBeInstanceOf(KeyChangeError)
  return (thrown as KeyChangeError).problem
}

test('a change says who, what, from where and when, before and after: only what differs', async () => {
  const { keyId } = await newKey()
  const change = { name: 'm', expiresAt: NOW + 60, direct: true }
  expect(await changeKey(store, keyId, change, by(NOW + 1))).toMatchObject({ ...change, generation: 1 })
  expect(await lastEntry(keyId)).toEqual({
    at: NOW + 1,
    actor: 'admin:ihat_00000000000000000000',
    origin: '192.0.2.7',
    action: 'key.change',
    subject: keyId,
    detail: {},
    before: { name: 'n', direct: false, expires_at: null },
    after: { name: 'm', direct: true, expires_at: NOW + 60 },
  })
})

test('taking a scope away ends the tokens that may carry it; giving one back does not', async () => {
  const { keyId } = await newKey()
  const scopes = (list: readonly Scope[]) => changeKey(store, keyId, { scopes: list }, by())
  expect(await scopes([UPLOAD_SCOPE])).toMatchObject({ generation: 2, scopes: [UPLOAD_SCOPE] })
  expect(await scopes([STREAM_SCOPE, UPLOAD_SCOPE])).toMatchObject({ generation: 2 })
  expect(await scopes([STREAM_SCOPE])).toMatchObject({ generation: 3 })
  const entry = await lastEntry(keyId)
  expect(entry?.before).toEqual({ scopes: `${STREAM_SCOPE} ${UPLOAD_SCOPE}`, generation: 2 })
})

test('what is so already is left as it is: no entry, no change that others hear of', async () => {
  const key = await newKey()
  const { revision } = await store.readChanges(null)
  const same = { name: 'n', scopes: BOTH.toReversed(), expiresAt: null, direct: false }
  expect(await changeKey(store, key.keyId, same, by())).toEqual(key)
  expect(await changeKeyState(store, key.keyId, 'enable', by())).toEqual(key)
  expect((await store.readChanges(null)).revision).toBe(revision)
  expect(await store.listAuditEntries(key.keyId, 9)).toHaveLength(1)
})

test('a key expires now or later, never in the past, and its expiry can be taken away', async () => {
  const { keyId } = await newKey()
  expect(await refusal(changeKey(store, keyId, { expiresAt: NOW - 1 }, by()))).toBe('expiry_in_past')
  expect(await changeKey(store, keyId, { expiresAt: NOW }, by())).toMatchObject({ expiresAt: NOW })
  expect(await changeKey(store, keyId, { name: 'still named' }, by(NOW + 9))).toMatchObject({
    expiresAt: NOW,
  })
  expect(await changeKey(store, keyId, { expiresAt: null }, by())).toMatchObject({ expiresAt: null })
})

test('every change of a key but its making is heard of, with its generation', async () => {
  const { keyId } = await newKey()
  const { revision } = await store.readChanges(null)
  await changeKey(store, keyId, { direct: true }, by())
  await rotateKey(store, keyId, { secret: 'LEAK-2', overlapSeconds: undefined }, by())
  await endKeyOverlap(store, keyId, { force: false }, by())
  for (const word of ['disable', 'enable', 'revoke'] as const) await changeKeyState(store, keyId, word, by())
  const { changes } = await store.readChanges(revision)
  expect(changes.map(({ kind, subject, generation }) => [kind, subject, generation])).toEqual(
    [1, 1, 2, 3, 3, 4].map((generation) => ['key', keyId, generation]),
  )
})

test('an overlap ends early, with the tokens of the older secret; one whose secret is in use only by force', async () => {
  const { keyId } = await newKey()
  expect(await refusal(endKeyOverlap(store, keyId, { force: true }, by()))).toBe('one_secret_lives')
  await rotateKey(store, keyId, { secret: 'LEAK-2', overlapSeconds: 30 * 24 * 3600 }, by())
  await noteUse(keyId, 1, NOW)
  const end = (force: boolean, now = NOW) => endKeyOverlap(store, keyId, { force }, by(now))
  expect(await refusal(end(false))).toBe('old_secret_in_use')
  expect(await refusal(end(false, NOW + IN_USE_SECONDS - 1))).toBe('old_secret_in_use')
  expect(await end(false, NOW + IN_USE_SECONDS)).toMatchObject({ previousSecret: null, generation: 2 })
  await rotateKey(store, keyId, { secret: 'LEAK-3', overlapSeconds: undefined }, by())
  expect(await end(false)).toMatchObject({ generation: 3 })
  await rotateKey(store, keyId, { secret: 'LEAK-4', overlapSeconds: undefined }, by())
  await noteUse(keyId, 3, NOW)
  expect(await end(true)).toMatchObject({ generation: 4 })
  expect(await lastEntry(keyId)).toMatchObject({ action: 'key.end_overlap', detail: { force: true } })
})

test('of an id that no key has nothing is changed', async () => {
  const none = 'ihk_none'
  expect(await changeKey(store, none, { name: 'x' }, by())).toBeUndefined()
  expect(await changeKeyState(store, none, 'revoke', by())).toBeUndefined()
  expect(await endKeyOverlap(store, none, { force: true }, by())).toBeUndefined()
  expect(await rotateKey(store, none, { secret: 'LEAK', overlapSeconds: 0 }, by())).toBeUndefined()
})

test('nothing changes a revoked key', async () => {
  const { keyId } = await newKey()
  await changeKeyState(store, keyId, 'revoke', by())
  expect(await refusal(changeKey(store, keyId, { name: 'm' }, by()))).toBe('revoked')
  expect(await refusal(endKeyOverlap(store, keyId, { force: true }, by()))).toBe('revoked')
  expect(await refusal(rotateKey(store, keyId, { secret: 'LEAK', overlapSeconds: 0 }, by()))).toBe('revoked')
})

test('no secret and no hash of one is in any entry', async () => {
  const { keyId, secret } = await newKey()
  await rotateKey(store, keyId, { secret: 'LEAK-rotated', overlapSeconds: 0 }, by())
  const told = JSON.stringify(await store.listAuditEntries(keyId, 9))
  expect(told).not.toContain('LEAK')
  for (const form of ['hex', 'base64', 'base64url'] as const)
    expect(told).not.toContain(secret.hash.toString(form))
})

async function noteUse(keyId: string, secretNumber: number, lastUsedAt: number): Promise<void> {
  const database = new Database(join(folder, 'test.db'))
  database
    .prepare("insert into secret_uses values (?, ?, '192.0.2.8', 'curl', '', 3, ?)")
    .run(keyId, secretNumber, lastUsedAt)
  database.close()
}
