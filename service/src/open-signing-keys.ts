import type { KeyObject } from 'node:crypto'
import type { AuditEntry } from './audit.ts'
import type { Config } from './config.ts'
import { parseMasterKey, readMasterKeyFile, settleMasterKeyFile } from './data-folder.ts'
import type { ActiveSigningKey } from './jwt-signer.ts'
import { deriveKey, UnsealError } from './master-key.ts'
import type { Runtime } from './runtime.ts'
import { openSigningKey, type SigningKey, type SigningKeyChange, settleSigningKeys } from './signing-keys.ts'
import { StartupError } from './startup-error.ts'
import type { Store } from './store/store.ts'

/** What a running service signs with. */
export interface OpenSigningKeys {
  readonly active: ActiveSigningKey
  readonly all: readonly SigningKey[]
  /** Tags the ids of client tokens; it outlives every signing key. */
  readonly clientTokenIdKey: KeyObject
}

/**
 * Settles the signing keys and opens the one that signs.
 *
 * @throws {StartupError} when the master key is absent although signing keys are sealed, or is not the right one.
 */
export async function openSigningKeys(
  store: Store,
  config: Pick<Config, 'algorithm' | 'masterKey' | 'masterKeyFile'>,
  defaultMasterKeyFile: string,
  runtime: Pick<Runtime, 'randomBytes' | 'now'>,
): Promise<OpenSigningKeys> {
  const held = await store.listSigningKeys()
  const masterKey = readMasterKey(config, defaultMasterKeyFile, held.length > 0, runtime)
  const now = runtime.now()
  for (const key of held) open(key, masterKey)
  const all = await store.changeSigningKeys(
    (keys) =>
      settleSigningKeys(keys, {
        algorithm: config.algorithm,
        masterKey,
        now,
        randomBytes: runtime.randomBytes,
      }),
    (change) => auditSigningKeys(change, now),
  )
  const active = all.find((key) => key.state === 'active')
  if (active === undefined) throw new Error('no active signing key after settling')
  const clientTokenIdKey = deriveKey(masterKey, 'client token id')
  return { active: open(active, masterKey), all, clientTokenIdKey }
}

function readMasterKey(
  config: Pick<Config, 'masterKey' | 'masterKeyFile'>,
  defaultFile: string,
  inUse: boolean,
  runtime: Pick<Runtime, 'randomBytes'>,
): Buffer {
  if (config.masterKey !== null) return parseMasterKey(config.masterKey, 'the master key in the environment')
  if (config.masterKeyFile !== null) return readMasterKeyFile(config.masterKeyFile)
  return inUse ? readMasterKeyFile(defaultFile) : settleMasterKeyFile(defaultFile, runtime.randomBytes)
}

function open(key: SigningKey, masterKey: Buffer): ActiveSigningKey {
  try {
    return openSigningKey(key, masterKey)
  } catch (error) {
    if (!(error instanceof UnsealError)) throw error
    throw new StartupError(
      'the master key does not open the signing keys of this store; put the right one back',
    )
  }
}

function auditSigningKeys(change: SigningKeyChange, now: number): AuditEntry[] {
  const entry = (action: AuditEntry['action'], key: SigningKey): AuditEntry => ({
    at: now,
    actor: 'start',
    origin: 'start',
    action,
    subject: key.kid,
    detail: { algorithm: key.algorithm, state: key.state },
    before: null,
    after: null,
  })
  return [
    ...change.update.map((key) => entry('signing_key.retire', key)),
    ...change.insert.map((key) => entry('signing_key.create', key)),
  ]
}
