import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { masterKeyId, UnsealError } from '../../src/master-key.ts'
import { describeWrongMasterKey } from '../../src/open-master-key.ts'
import { loseSigningKey } from '../../src/operations/lose-signing-key.ts'
import { rewrap } from '../../src/operations/rewrap.ts'
import { rotateDueSigningKeys, rotateSigningKeys } from '../../src/operations/rotate-signing-keys.ts'
import { OperatorError } from '../../src/operator-error.ts'
import { createRenewableMasterKey } from '../../src/renewable-master-key.ts'
import { openAuditChainKey, openClientTokenIdKey } from '../../src/sealed-secrets.ts'
import { openSigningKey, type SigningKey } from '../../src/signing-key.ts'
import {
  PUBLISHED_BEFORE_SIGNING_SECONDS,
  RETIRED_KEY_SECONDS,
  SigningKeyError,
} from '../../src/signing-keys.ts'
import { StartupError } from '../../src/startup-error.ts'
import { openSigningStore, type SigningStore } from '../support/signing-store.ts'

let at: SigningStore
beforeEach(async () => {
  at = openSigningStore()
  await at.start()
})
afterEach(() => at.close())

const kidIn = (keys: readonly SigningKey[], state: SigningKey['state']) =>
  keys.find((key) => key.state === state)?.kid ?? ''
const changes = async () => (await at.store.readChanges(null)).changes
const actions = async (kid: string) =>
  (await at.store.listAuditEntries(kid, 10)).map(({ actor, action }) => `${actor} ${action}`)

test('a rotation is audited key by key, with what was and what is, and told to every node', async () => {
  const before = await at.store.listSigningKeys()
  const keys = await rotateSigningKeys(at.tools, { forced: true }, at.by())
  expect(keys).toEqual(await at.store.listSigningKeys())
  expect(await actions(kidIn(before, 'active'))).toEqual([
    'start signing_key.create',
    'test signing_key.retire',
  ])
  expect(await actions(kidIn(before, 'next'))).toEqual([
    'start signing_key.create',
    'test signing_key.activate',
  ])
  expect(await actions(kidIn(keys, 'next'))).toEqual(['test signing_key.create'])
  const [, activated] = await at.store.listAuditEntries(kidIn(keys, 'active'), 10)
  expect(activated).toMatchObject({
    at: at.clock,
    before: { state: 'next', activated_at: null },
    after: { state: 'active', activated_at: at.clock },
  })
  expect((await changes()).map(({ kind }) => kind)).toEqual(['signing-keys', 'signing-keys'])
})

test('a refused rotation writes nothing, neither a key nor an audit row nor a change', async () => {
  const before = [await at.store.listSigningKeys(), await changes()]
  await expect(rotateSigningKeys(at.tools, { forced: false }, at.by())).rejects.toThrow(SigningKeyError)
  await expect(loseSigningKey(at.tools, 'LEAK', at.by())).rejects.toThrow(SigningKeyError)
  expect([await at.store.listSigningKeys(), await changes()]).toEqual(before)
})

test('a lost key is told by its kid for as long as a token of it could live, and once only', async () => {
  const kid = kidIn(await at.store.listSigningKeys(), 'active')
  await loseSigningKey(at.tools, kid, at.by())
  const [lost, set] = (await changes()).slice(1)
  expect(lost).toMatchObject({ kind: 'signing-key', subject: kid, expiresAt: at.clock + RETIRED_KEY_SECONDS })
  expect(set).toMatchObject({ kind: 'signing-keys', subject: '' })
  await loseSigningKey(at.tools, kid, at.by())
  expect(await changes()).toHaveLength(3)
  expect(await actions(kid)).toEqual(['start signing_key.create', 'test signing_key.lose'])
})

describe('rotation by the clock', () => {
  const DAY = 86_400

  test('twenty nodes that see at once that it is due rotate once', async () => {
    const before = await at.store.listSigningKeys()
    at.clock += 30 * DAY
    const rotations = Array.from({ length: 20 }, () => rotateDueSigningKeys(at.tools, 30 * DAY, at.by()))
    const turned = await Promise.all(rotations)
    const keys = await at.store.listSigningKeys()
    expect(turned.filter((kid) => kid !== null)).toEqual([kidIn(keys, 'active')])
    expect(keys).toHaveLength(3)
    expect(kidIn(keys, 'active')).toBe(kidIn(before, 'next'))
    expect(await actions(kidIn(before, 'active'))).toHaveLength(2)
  })

  test('a second before it is due, and where nobody asked for it, nothing is written', async () => {
    at.clock += 30 * DAY - 1
    const before = [await at.store.listSigningKeys(), await changes()]
    await rotateDueSigningKeys(at.tools, 30 * DAY, at.by())
    await rotateDueSigningKeys(at.tools, null, at.by())
    expect([await at.store.listSigningKeys(), await changes()]).toEqual(before)
  })

  test('a new algorithm turns once it is published, although nobody asked for rotation by the clock', async () => {
    await at.start({ algorithm: 'EdDSA' })
    at.clock += PUBLISHED_BEFORE_SIGNING_SECONDS - 1
    await rotateDueSigningKeys(at.tools, null, at.by())
    expect((await at.store.listSigningKeys()).find((key) => key.state === 'active')?.algorithm).toBe('ES256')
    at.clock += 1
    await rotateDueSigningKeys(at.tools, null, at.by())
    expect((await at.store.listSigningKeys()).find((key) => key.state === 'active')?.algorithm).toBe('EdDSA')
  })
})

describe('a master key that is not that of the store', () => {
  const wrong = () => ({
    ...at.tools,
    masterKey: createRenewableMasterKey(randomBytes(32), async () => randomBytes(32)),
  })

  test('changes no signing key: what it sealed nobody else could open', async () => {
    const before = [await at.store.listSigningKeys(), await changes()]
    const kid = kidIn(await at.store.listSigningKeys(), 'active')
    await expect(rotateSigningKeys(wrong(), { forced: true }, at.by())).rejects.toThrow(UnsealError)
    await expect(loseSigningKey(wrong(), kid, at.by())).rejects.toThrow(UnsealError)
    at.clock += 90 * 86_400
    await expect(rotateDueSigningKeys(wrong(), 86_400, at.by())).rejects.toThrow(UnsealError)
    expect([await at.store.listSigningKeys(), await changes()]).toEqual(before)
  })

  test('rewraps nothing', async () => {
    const before = await at.store.listSigningKeys()
    const masterKeys = { from: randomBytes(32), to: randomBytes(32) }
    await expect(rewrap(at.tools, masterKeys, at.by())).rejects.toThrow(UnsealError)
    expect(await at.store.listSigningKeys()).toEqual(before)
  })
})

describe('rewrap', () => {
  test('seals every signing key and every secret of the store anew, and none of them changes', async () => {
    const to = randomBytes(32)
    await rotateSigningKeys(at.tools, { forced: true }, at.by())
    const keys = await at.store.listSigningKeys()
    const secrets = async (masterKey: Buffer) =>
      Promise.all([
        openAuditChainKey(at.store, masterKey, randomBytes),
        openClientTokenIdKey(at.store, masterKey, randomBytes),
      ])
    const before = (await secrets(at.masterKey)).map((key) => key.export())
    const counts = await rewrap(at.tools, { from: at.masterKey, to }, at.by())
    expect(counts).toEqual({ signingKeys: 3, secrets: 2 })
    const after = await at.store.listSigningKeys()
    expect(after.map((key) => ({ ...key, sealedPrivateKey: null }))).toEqual(
      keys.map((key) => ({ ...key, sealedPrivateKey: null })),
    )
    for (const key of after) {
      expect(openSigningKey(key, to).kid).toBe(key.kid)
      expect(() => openSigningKey(key, at.masterKey)).toThrow(UnsealError)
    }
    expect((await secrets(to)).map((key) => key.export())).toEqual(before)
    await expect(secrets(at.masterKey)).rejects.toThrow(StartupError)
  })

  test('is audited without either key, and the one before is told from one that is wrong', async () => {
    const to = randomBytes(32)
    await rewrap(at.tools, { from: at.masterKey, to }, at.by())
    expect((await describeWrongMasterKey(at.store, at.masterKey)).message).toBe(
      `this master key was replaced by a rewrap at ${new Date(at.clock * 1000).toISOString()}; give the new one`,
    )
    expect((await describeWrongMasterKey(at.store, randomBytes(32))).message).toMatch(
      /put the right one back$/,
    )
    const entries = await at.store.listAuditEntries(masterKeyId(to), 10)
    expect(entries).toMatchObject([
      { action: 'master_key.rewrap', before: { master_key_id: masterKeyId(at.masterKey) } },
    ])
    const kept = JSON.stringify([entries, await at.store.findSetting('replaced-master-keys')])
    for (const key of [at.masterKey, to])
      for (const form of ['hex', 'base64url', 'base64'] as const)
        expect(kept).not.toContain(key.toString(form))
  })

  test('under the same key is refused', async () => {
    const masterKeys = { from: at.masterKey, to: Buffer.from(at.masterKey) }
    await expect(rewrap(at.tools, masterKeys, at.by())).rejects.toThrow(OperatorError)
  })

  test('there and back: the way is open as often as one likes', async () => {
    const to = randomBytes(32)
    await rewrap(at.tools, { from: at.masterKey, to }, at.by())
    await rewrap(at.tools, { from: to, to: at.masterKey }, at.by())
    for (const key of await at.store.listSigningKeys())
      expect(openSigningKey(key, at.masterKey).kid).toBe(key.kid)
  })
})
