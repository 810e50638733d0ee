import type { KeyObject } from 'node:crypto'
import type { Config } from '../../config.ts'
import { dataFolder } from '../../data-folder.ts'
import type { LiveSigningKeys } from '../../live-signing-keys.ts'
import type { Log } from '../../log.ts'
import { describeWrongMasterKey, type OpenedMasterKey, openMasterKey } from '../../open-master-key.ts'
import { openSigningKeys } from '../../open-signing-keys.ts'
import type { SigningKeyTools } from '../../operations/change-signing-keys.ts'
import { rotateDueSigningKeys } from '../../operations/rotate-signing-keys.ts'
import { scheduleRotation } from '../../rotation-schedule.ts'
import type { Runtime } from '../../runtime.ts'
import { openAuditChainKey, openClientTokenIdKey } from '../../sealed-secrets.ts'
import { signingSince } from '../../signing-keys.ts'
import type { Store } from '../../store/store.ts'

const SECONDS_A_DAY = 86_400

/** What a running service signs, verifies and tags with. */
export interface Signing {
  readonly live: LiveSigningKeys
  /** Tags the ids of client tokens; it outlives every signing key. */
  readonly clientTokenIdKey: KeyObject
  readonly masterKey: OpenedMasterKey
  /** What changes of the signing keys are made with here. */
  readonly tools: SigningKeyTools
  /** How long the active key has signed, in seconds; 0 where there is none. */
  signingAgeSeconds(): number
  /** Ends the rotation by the clock. */
  close(): Promise<void>
}

/** What opening it needs beside the store. */
export interface SigningContext {
  readonly config: Config
  readonly runtime: Runtime
  readonly log: Log
  /** Epoch seconds, by the clock that all nodes share. */
  now(): number
  /** @throws {StoreUnavailableError} when this process has not heard of changes lately. */
  refuseStale(): void
}

/**
 * Opens the master key, settles the signing keys, follows them, and rotates them by the clock.
 *
 * @throws {StartupError} when the master key is absent, unsafe, or does not open the store.
 */
export async function openSigning(store: Store, context: SigningContext): Promise<Signing> {
  const { config, runtime, log } = context
  const { randomBytes } = runtime
  const masterKey = await openMasterKey(store, config, dataFolder(config.dataDir).masterKey, randomBytes)
  store.chainAudit(() => openAuditChainKey(store, masterKey.bytes, randomBytes))
  const now = () => context.now()
  const live = await openSigningKeys({
    store,
    algorithm: config.algorithm,
    masterKey,
    randomBytes,
    now,
    monotonicMs: () => runtime.monotonicMs(),
    refuseStale: () => context.refuseStale(),
    onSealedKey: (kid) => void reportSealedKey(kid, store, masterKey, log),
  })
  const tools = { store, masterKey: masterKey.renewable, randomBytes }
  const rotationSeconds =
    config.signingKeyRotationDays === 0 ? null : config.signingKeyRotationDays * SECONDS_A_DAY
  const schedule = scheduleRotation({
    rotationSeconds,
    keys: () => live.keys,
    now,
    async rotate() {
      const by = { actor: 'schedule', origin: 'start', now: now() }
      const kid = await rotateDueSigningKeys(tools, rotationSeconds, by)
      await live.reload()
      if (kid !== null) log.info({ event: 'signing_keys_rotated', kid })
    },
    onFailure: (error) => log.error({ event: 'failure', error }),
  })
  return {
    live,
    clientTokenIdKey: await openClientTokenIdKey(store, masterKey.bytes, randomBytes),
    masterKey,
    tools,
    close: () => schedule.close(),
    signingAgeSeconds() {
      const active = live.keys.find((key) => key.state === 'active')
      return active === undefined ? 0 : now() - signingSince(active)
    },
  }
}

/** A key that does not open is told with what to do about it. */
async function reportSealedKey(
  kid: string,
  store: Store,
  masterKey: OpenedMasterKey,
  log: Log,
): Promise<void> {
  const error = await masterKey.renewable
    .use((bytes) => describeWrongMasterKey(store, bytes))
    .catch((failure: unknown) => failure)
  log.error({ event: 'failure', kid, error })
}
