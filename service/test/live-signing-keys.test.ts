import { randomBytes } from 'node:crypto'
import { ALGORITHMS } from '@interhuman-auth/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Change } from '../src/change.ts'
import { followSigningKeys, type LiveSigningKeys } from '../src/live-signing-keys.ts'
import { loseSigningKey } from '../src/operations/lose-signing-key.ts'
import { rewrap } from '../src/operations/rewrap.ts'
import { rotateSigningKeys } from '../src/operations/rotate-signing-keys.ts'
import { createRenewableMasterKey } from '../src/renewable-master-key.ts'
import { RETIRED_KEY_SECONDS } from '../src/signing-keys.ts'
import { StoreUnavailableError } from '../src/store/store-error.ts'
import { openSigningStore, type SigningStore } from './support/signing-store.ts'

let at: SigningStore
beforeEach(() => {
  at = openSigningStore()
})
afterEach(() => at.close())

const kids = (live: LiveSigningKeys): string[] =>
  (JSON.parse(live.keySet()) as { keys: { kid: string }[] }).keys.map((key) => key.kid)
const signed = (live: LiveSigningKeys) => live.signers().accessToken({ of: 'a test' })
const rotate = () => rotateSigningKeys(at.tools, { forced: true }, at.by())

/** Whether a process takes a token's signature. */
function takes(live: LiveSigningKeys, token: string): boolean {
  const [header = '', claims, signature = ''] = token.split('.')
  const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string }
  const key = live.verificationKey(kid)
  return key?.matches(`${header}.${claims}`, Buffer.from(signature, 'base64url')) === true
}

/** Hands a process what was changed since a revision, as the watch of changes does, and waits until it is read. */
async function hear(live: LiveSigningKeys, changes: readonly Change[]): Promise<void> {
  live.hear(changes, false)
  await live.reload()
}

const changesSince = async (revision: number) => (await at.store.readChanges(revision)).changes
const revision = async () => (await at.store.readChanges(null)).revision

test.each(ALGORITHMS)(
  '%s: a rotation is taken up without a restart, and what was signed before goes on verifying',
  async (algorithm) => {
    const live = await at.start({ algorithm })
    const before = { kid: live.signers().kid, token: signed(live) }
    await rotate()
    await live.reload()
    expect(live.signers().kid).not.toBe(before.kid)
    expect(takes(live, before.token)).toBe(true)
    expect(takes(live, signed(live))).toBe(true)
    expect(kids(live)).toHaveLength(algorithm === 'HS256' ? 0 : 3)
    at.clock += RETIRED_KEY_SECONDS - 1
    expect(takes(live, before.token)).toBe(true)
    at.clock += 1
    expect(takes(live, before.token)).toBe(false)
    expect(kids(live)).toHaveLength(algorithm === 'HS256' ? 0 : 2)
  },
)

test('the key set is written once a change, and a clock that is stepped forth and back loses no retired key', async () => {
  const live = await at.start()
  expect(live.keySet()).toBe(live.keySet())
  await rotate()
  await live.reload()
  const before = live.keySet()
  at.clock += RETIRED_KEY_SECONDS
  expect(kids(live)).toHaveLength(2)
  at.clock -= RETIRED_KEY_SECONDS
  expect(live.keySet()).toBe(before)
})

test('a lost key is dead when the change was heard, before anything is read, and the next one signs', async () => {
  const [live, other] = [await at.start(), await at.start()]
  const since = await revision()
  const { kid } = live.signers()
  const token = signed(live)
  await loseSigningKey(at.tools, kid, at.by())
  expect([takes(live, token), takes(other, token)]).toEqual([true, true])
  const changes = await changesSince(since)
  other.hear(changes, false)
  expect(takes(other, token)).toBe(false)
  expect(kids(other)).not.toContain(kid)
  const between = other.signers().kid
  await hear(live, changes)
  await other.reload()
  expect([between, other.signers().kid]).toEqual([live.signers().kid, live.signers().kid])
  expect(kids(live)).toEqual(kids(other))
})

test('a reading that began before a key was lost does not put it back', async () => {
  const opened = await at.start()
  const { kid } = opened.signers()
  const stale = await at.store.listSigningKeys()
  let release = (): void => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  let reads = 0
  const live = await followSigningKeys({
    store: {
      async listSigningKeys() {
        reads += 1
        if (reads !== 2) return at.store.listSigningKeys()
        await held
        return stale
      },
    },
    masterKey: at.tools.masterKey,
    now: () => at.clock,
    monotonicMs: () => 0,
    refuseStale: () => {},
    onSealedKey: () => {},
  })
  const slow = live.reload()
  const since = await revision()
  await loseSigningKey(at.tools, kid, at.by())
  live.hear(await changesSince(since), false)
  release()
  await slow
  expect(kids(live)).not.toContain(kid)
  expect(live.signers().kid).not.toBe(kid)
  await live.reload()
  expect(kids(live)).toHaveLength(2)
})

test('what is not about signing keys is not read for', async () => {
  const live = await at.start()
  const before = live.keys
  live.hear([{ revision: 9, kind: 'key', subject: 'x', generation: 2, at: 1, expiresAt: 2 }], false)
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(live.keys).toBe(before)
})

test('a process that may not know which key signs, or is lost, signs with none, verifies with none and publishes none: the store is unavailable', async () => {
  let stale = false
  const live = await at.start({
    refuseStale() {
      if (stale) throw new StoreUnavailableError('not heard of')
    },
  })
  expect(signed(live)).toMatch(/^ey/)
  const { kid } = live.signers()
  stale = true
  expect(() => live.signers()).toThrow(StoreUnavailableError)
  expect(() => live.verificationKey(kid)).toThrow(StoreUnavailableError)
  expect(() => live.keySet()).toThrow(StoreUnavailableError)
  stale = false
  expect(signed(live)).toMatch(/^ey/)
})

test('keys that were changed and cannot be read are waited for five seconds, then nothing is signed, verified or published until they are', async () => {
  await at.start()
  let [down, ms] = [false, 0]
  const live = await followSigningKeys({
    store: {
      async listSigningKeys() {
        if (down) throw new StoreUnavailableError('down')
        return at.store.listSigningKeys()
      },
    },
    masterKey: at.tools.masterKey,
    now: () => at.clock,
    monotonicMs: () => ms,
    refuseStale: () => {},
    onSealedKey: () => {},
  })
  down = true
  live.hear([], true)
  await expect(live.reload()).rejects.toThrow(StoreUnavailableError)
  ms = 5_000
  expect(signed(live)).toMatch(/^ey/)
  ms = 5_001
  const kid = live.keys.find(({ state }) => state === 'active')?.kid ?? ''
  expect(() => live.signers()).toThrow(StoreUnavailableError)
  expect(() => live.verificationKey(kid)).toThrow(StoreUnavailableError)
  expect(() => live.keySet()).toThrow(StoreUnavailableError)
  down = false
  await live.reload()
  expect(signed(live)).toMatch(/^ey/)
})

test('after a rewrap a process goes on with the keys that it has open, and takes the new master key from its source', async () => {
  const to = randomBytes(32)
  const sealed: string[] = []
  const live = await at.start({ renewed: to, onSealedKey: (kid) => sealed.push(kid) })
  const token = signed(live)
  await rewrap(at.tools, { from: at.masterKey, to }, at.by())
  await live.reload()
  expect(takes(live, token)).toBe(true)
  const after = { ...at.tools, masterKey: createRenewableMasterKey(to, async () => to) }
  for (let turn = 0; turn < 2; turn += 1) {
    await rotateSigningKeys(after, { forced: true }, at.by())
    await live.reload()
    expect(takes(live, signed(live))).toBe(true)
  }
  expect(sealed).toEqual([])
})

test('a process whose master key is still the one before publishes the next key, says so, and signs nothing once that key is active', async () => {
  const to = randomBytes(32)
  const sealed: string[] = []
  const live = await at.start({ onSealedKey: (kid) => sealed.push(kid) })
  await rewrap(at.tools, { from: at.masterKey, to }, at.by())
  const after = { ...at.tools, masterKey: createRenewableMasterKey(to, async () => to) }
  const [next] = (await rotateSigningKeys(after, { forced: true }, at.by())).filter(
    (key) => key.state === 'next',
  )
  await live.reload()
  expect(kids(live)).toContain(next?.kid)
  expect(takes(live, signed(live))).toBe(true)
  expect(sealed).toEqual([next?.kid])
  await rotateSigningKeys(after, { forced: true }, at.by())
  await live.reload()
  expect(() => live.signers()).toThrow(StoreUnavailableError)
})

test('two processes sign with one key as soon as both have heard', async () => {
  const nodes = [await at.start(), await at.start(), await at.start()]
  for (let turn = 0; turn < 5; turn += 1) {
    const since = await revision()
    await rotate()
    const changes = await changesSince(since)
    await Promise.all(nodes.map((node) => hear(node, changes)))
    expect(new Set(nodes.map((node) => node.signers().kid)).size).toBe(1)
  }
})
