import { UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { beforeEach, expect, test } from 'vitest'
import type { KeyCredentials } from '../src/authenticate-key.ts'
import type { Change } from '../src/change.ts'
import type { ChangeListener } from '../src/change-watch.ts'
import { cacheKeys, type KeyCache } from '../src/key-cache.ts'
import { StoreUnavailableError } from '../src/store/store-error.ts'

const KEY: KeyCredentials = {
  keyId: 'ihk_00000000000000000001',
  scopes: [UPLOAD_SCOPE],
  state: 'active',
  generation: 1,
  expiresAt: null,
  secretHash: Buffer.alloc(32, 1),
  previousSecretHash: null,
  previousSecretExpiresAt: null,
  direct: false,
  revision: 0,
  secretNumber: 1,
  previousSecretNumber: null,
}
const REVOKED: KeyCredentials = { ...KEY, state: 'revoked', generation: 2, revision: 1 }

let row: KeyCredentials | undefined
let reads: number
let held: (() => void)[] | undefined
let listener: ChangeListener
let stale: boolean
let cache: KeyCache

/** Reads the row as it is when the look-up begins, and answers when it is let go. */
async function find(): Promise<KeyCredentials | undefined> {
  reads += 1
  const found = row
  if (held !== undefined) await new Promise<void>((resolve) => held?.push(resolve))
  return found
}

function tell(subject: string, revision: number, kind: Change['kind'] = 'key'): void {
  listener([{ revision, kind, subject, generation: 2, at: 0, expiresAt: 1 }], false)
}

beforeEach(() => {
  row = KEY
  reads = 0
  held = undefined
  stale = false
  const watch = {
    subscribe(given: ChangeListener) {
      listener = given
      return () => {}
    },
    isStale: () => stale,
    async freshen() {
      throw new StoreUnavailableError('not reached')
    },
  }
  cache = cacheKeys({ findKeyCredentials: find, findKeyCredentialsBySecret: find }, watch, 3)
})

test('a key is read once, by whichever of its names it is asked for', async () => {
  for (let count = 0; count < 3; count += 1) expect(await cache.findKeyCredentials(KEY.keyId)).toEqual(KEY)
  expect(reads).toBe(1)
  for (let count = 0; count < 3; count += 1)
    expect(await cache.findKeyCredentialsBySecret(KEY.secretHash)).toEqual(KEY)
  expect(reads).toBe(2)
  expect(cache.counts()).toEqual({ size: 1, hits: 5, misses: 2 })
})

test('many who ask at once share one reading', async () => {
  const found = await Promise.all(Array.from({ length: 100 }, () => cache.findKeyCredentials(KEY.keyId)))
  expect(new Set(found)).toEqual(new Set([KEY]))
  expect(reads).toBe(1)
})

test('that a key is not there is not remembered', async () => {
  row = undefined
  expect(await cache.findKeyCredentials(KEY.keyId)).toBeUndefined()
  row = KEY
  expect(await cache.findKeyCredentials(KEY.keyId)).toEqual(KEY)
})

test('after a change the key is read again before anybody hears of it, by id and by secret', async () => {
  await cache.findKeyCredentials(KEY.keyId)
  await cache.findKeyCredentialsBySecret(KEY.secretHash)
  row = REVOKED
  tell(KEY.keyId, REVOKED.revision)
  expect(await cache.findKeyCredentials(KEY.keyId)).toEqual(REVOKED)
  expect(await cache.findKeyCredentialsBySecret(KEY.secretHash)).toEqual(REVOKED)
})

test.each([
  ['a revocation', () => tell(KEY.keyId, REVOKED.revision)],
  ['a reset', () => listener([], true)],
  [
    'a revocation and an earlier change that is heard behind it',
    () => {
      tell(KEY.keyId, REVOKED.revision)
      tell(KEY.keyId, 0)
    },
  ],
])('of look-ups that began before %s none gives the living key, and none puts it back', async (_, change) => {
  held = []
  const early = [cache.findKeyCredentials(KEY.keyId), cache.findKeyCredentialsBySecret(KEY.secretHash)]
  row = REVOKED
  change()
  const late = cache.findKeyCredentials(KEY.keyId)
  const letGo = held
  held = undefined
  for (const go of letGo) go()
  expect(await late).toEqual(REVOKED)
  for (const one of early) expect(await one).toEqual(REVOKED)
  const before = reads
  expect(await cache.findKeyCredentials(KEY.keyId)).toEqual(REVOKED)
  expect(reads).toBe(before)
})

test('what was read with a change in it is not read again when the change is heard of, and a later change ends it', async () => {
  row = REVOKED
  held = []
  const early = cache.findKeyCredentials(KEY.keyId)
  tell(KEY.keyId, REVOKED.revision)
  for (const go of held.splice(0)) go()
  expect(await early).toEqual(REVOKED)
  held = undefined
  tell(KEY.keyId, REVOKED.revision)
  expect(await cache.findKeyCredentials(KEY.keyId)).toEqual(REVOKED)
  expect(reads).toBe(1)
  row = { ...REVOKED, revision: 2 }
  tell(KEY.keyId, 2)
  expect(await cache.findKeyCredentials(KEY.keyId)).toEqual(row)
})

test('a reset drops all that is remembered, whatever its revision: it may be of another store', async () => {
  row = { ...KEY, revision: 9 }
  await cache.findKeyCredentials(KEY.keyId)
  row = REVOKED
  listener([], true)
  expect(cache.counts().size).toBe(0)
  expect(await cache.findKeyCredentials(KEY.keyId)).toEqual(REVOKED)
})

test('a key that is changed at each reading is answered not at all, and is read anew by whoever asks next', async () => {
  held = []
  const asked = cache.findKeyCredentials(KEY.keyId)
  const refused = expect(asked).rejects.toThrow(StoreUnavailableError)
  for (let revision = 1; revision <= 5; revision += 1) {
    tell(KEY.keyId, revision)
    for (const go of held.splice(0)) go()
    await new Promise(setImmediate)
  }
  await refused
  held = undefined
  row = { ...REVOKED, revision: 5 }
  expect(await cache.findKeyCredentials(KEY.keyId)).toEqual(row)
})

test('changes of other keys and of other things end nothing', async () => {
  await cache.findKeyCredentials(KEY.keyId)
  tell('ihk_00000000000000000002', 1)
  tell(KEY.keyId, 2, 'token')
  await cache.findKeyCredentials(KEY.keyId)
  expect(reads).toBe(1)
})

test('once the database was not seen for too long nothing is answered, not even what is remembered', async () => {
  await cache.findKeyCredentials(KEY.keyId)
  stale = true
  await expect(cache.findKeyCredentials(KEY.keyId)).rejects.toThrow(StoreUnavailableError)
  await expect(cache.findKeyCredentialsBySecret(KEY.secretHash)).rejects.toThrow(StoreUnavailableError)
})

test('a reading that fails fails for those who share it, and the next one is begun', async () => {
  let fails = true
  const failing = cacheKeys(
    {
      async findKeyCredentials() {
        if (fails) throw new StoreUnavailableError('no')
        return KEY
      },
      findKeyCredentialsBySecret: find,
    },
    { subscribe: () => () => {}, isStale: () => false, freshen: async () => {} },
    3,
  )
  const asked = [failing.findKeyCredentials('a'), failing.findKeyCredentials('a')]
  for (const one of asked) await expect(one).rejects.toThrow(StoreUnavailableError)
  fails = false
  expect(await failing.findKeyCredentials('a')).toEqual(KEY)
})

test('it holds no more keys than it was told to', async () => {
  for (const keyId of ['a', 'b', 'c', 'd']) await cache.findKeyCredentials(keyId)
  expect(cache.counts().size).toBe(3)
})

test('of the memory that a look-up shares with others nothing is kept', async () => {
  const pooled = Buffer.concat([KEY.secretHash])
  expect(pooled.buffer.byteLength).toBeGreaterThan(pooled.length)
  row = { ...KEY, secretHash: pooled, previousSecretHash: pooled }
  await cache.findKeyCredentials(KEY.keyId)
  const kept = await cache.findKeyCredentials(KEY.keyId)
  expect(kept).toEqual(row)
  expect(kept?.secretHash.buffer.byteLength).toBe(pooled.length)
  expect(kept?.previousSecretHash?.buffer.byteLength).toBe(pooled.length)
})
