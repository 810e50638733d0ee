import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { deriveBytes } from '../src/master-key.ts'
import { openAuditChainKey, openClientTokenIdKey, resealSetting } from '../src/sealed-secrets.ts'
import { StartupError } from '../src/startup-error.ts'

const masterKey = randomBytes(32)

function newSettings() {
  const settings = new Map<string, string>()
  return {
    settings,
    async settle(name: string, value: string) {
      if (!settings.has(name)) settings.set(name, value)
      return settings.get(name) as string
    },
  }
}

test('the key of the audit’s chain is drawn once, 32 bytes, and the same for everyone who opens it', async () => {
  const store = newSettings()
  const keys = await Promise.all([1, 2, 3].map(() => openAuditChainKey(store, masterKey, randomBytes)))
  expect(new Set(keys.map((key) => key.export().toString('hex'))).size).toBe(1)
  expect(keys[0]?.export()).toHaveLength(32)
  const elsewhere = await openAuditChainKey(newSettings(), masterKey, randomBytes)
  expect(elsewhere.equals(keys[0] as typeof elsewhere)).toBe(false)
})

test('the key of client tokens’ ids begins as what stores derived before they kept it', async () => {
  const key = await openClientTokenIdKey(newSettings(), masterKey, randomBytes)
  expect(key.export()).toEqual(deriveBytes(masterKey, 'client token id'))
})

test('no secret stands in the settings in the clear, and none opens in the place of another or under another key', async () => {
  const store = newSettings()
  const chain = await openAuditChainKey(store, masterKey, randomBytes)
  await openClientTokenIdKey(store, masterKey, randomBytes)
  expect([...store.settings.keys()].sort()).toEqual(['sealed:audit-chain', 'sealed:client-token-id'])
  const kept = Buffer.from(store.settings.get('sealed:audit-chain') ?? '', 'base64url')
  expect(kept.includes(chain.export())).toBe(false)
  await expect(openAuditChainKey(store, randomBytes(32), randomBytes)).rejects.toThrow(StartupError)
  store.settings.set('sealed:client-token-id', store.settings.get('sealed:audit-chain') ?? '')
  await expect(openClientTokenIdKey(store, masterKey, randomBytes)).rejects.toThrow(StartupError)
})

test('a setting that is sealed anew is the same secret under the other master key', async () => {
  const store = newSettings()
  const before = await openAuditChainKey(store, masterKey, randomBytes)
  const to = randomBytes(32)
  const setting = { name: 'sealed:audit-chain', value: store.settings.get('sealed:audit-chain') ?? '' }
  store.settings.set(setting.name, resealSetting(setting, { from: masterKey, to }, randomBytes).value)
  expect((await openAuditChainKey(store, to, randomBytes)).equals(before)).toBe(true)
})
