import { createSecretKey, type KeyObject } from 'node:crypto'
import type { RandomBytes } from './base62.ts'
import { deriveBytes, reseal, seal, UnsealError, unseal } from './master-key.ts'
import { StartupError } from './startup-error.ts'

// Secrets of the whole store, settled once and kept in its settings under the master key. They are their own and not
// derived from it, so that a rewrap leaves them as they are.

/** The name of every setting that is sealed begins like this: a rewrap seals them all anew. */
export const SEALED_SETTING_PREFIX = 'sealed:'

const AUDIT_CHAIN = 'audit-chain'

/** Where the key of the audit's chain is kept: the first thing that a store seals. */
export const AUDIT_CHAIN_SETTING: string = SEALED_SETTING_PREFIX + AUDIT_CHAIN

const SECRET_BYTES = 32

/** Keeps a value under a name unless something is kept there already, and gives back what is kept. */
interface SettingKeeper {
  settle(name: string, value: string): Promise<string>
}

/**
 * Opens the key that chains the audit rows, made at first.
 *
 * @throws {StartupError} when the master key is not that of this store.
 */
export function openAuditChainKey(
  store: SettingKeeper,
  masterKey: Buffer,
  randomBytes: RandomBytes,
): Promise<KeyObject> {
  return openSecret(store, AUDIT_CHAIN, masterKey, randomBytes, randomBytes(SECRET_BYTES))
}

/**
 * Opens the key that tags the ids of client tokens; it outlives every signing key and every master key. Its first value
 * is what stores had before they kept it, so that ids which they gave out go on counting.
 *
 * @throws {StartupError} when the master key is not that of this store.
 */
export function openClientTokenIdKey(
  store: SettingKeeper,
  masterKey: Buffer,
  randomBytes: RandomBytes,
): Promise<KeyObject> {
  return openSecret(
    store,
    'client-token-id',
    masterKey,
    randomBytes,
    deriveBytes(masterKey, 'client token id'),
  )
}

async function openSecret(
  store: SettingKeeper,
  name: string,
  masterKey: Buffer,
  randomBytes: RandomBytes,
  first: Buffer,
): Promise<KeyObject> {
  const setting = SEALED_SETTING_PREFIX + name
  const sealed = seal(masterKey, first, sealingContext(setting), randomBytes)
  const kept = await store.settle(setting, sealed.toString('base64url'))
  try {
    return openSealedSetting({ name: setting, value: kept }, masterKey)
  } catch (error) {
    if (!(error instanceof UnsealError)) throw error
    throw new StartupError('the master key does not open the secrets of this store; put the right one back')
  }
}

/**
 * Opens a sealed setting.
 *
 * @throws {UnsealError} when the master key is not the one that it was sealed under.
 */
export function openSealedSetting({ name, value }: SealedSetting, masterKey: Buffer): KeyObject {
  return createSecretKey(unseal(masterKey, Buffer.from(value, 'base64url'), sealingContext(name)))
}

/** A setting whose name begins with {@link SEALED_SETTING_PREFIX}. */
export interface SealedSetting {
  readonly name: string
  readonly value: string
}

/**
 * Seals a setting under another master key, and makes sure that it opens again.
 *
 * @throws {UnsealError} when `from` does not open it.
 */
export function resealSetting(
  { name, value }: SealedSetting,
  masterKeys: { readonly from: Buffer; readonly to: Buffer },
  randomBytes: RandomBytes,
): SealedSetting {
  const sealed = reseal(Buffer.from(value, 'base64url'), sealingContext(name), masterKeys, randomBytes)
  return { name, value: sealed.toString('base64url') }
}

function sealingContext(setting: string): string {
  return setting.slice(SEALED_SETTING_PREFIX.length)
}
