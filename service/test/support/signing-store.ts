import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Algorithm } from '@interhuman-auth/protocol'
import type { LiveSigningKeys } from '../../src/live-signing-keys.ts'
import { openSigningKeys } from '../../src/open-signing-keys.ts'
import type { Acting } from '../../src/operations/acting.ts'
import { createRenewableMasterKey } from '../../src/renewable-master-key.ts'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import type { Store } from '../../src/store/store.ts'

/** A real store with a clock that a test turns. */
export interface SigningStore {
  readonly store: Store
  readonly masterKey: Buffer
  /** Epoch seconds. */
  clock: number
  readonly tools: {
    readonly store: Store
    readonly masterKey: ReturnType<typeof createRenewableMasterKey>
    readonly randomBytes: typeof randomBytes
  }
  by(): Acting
  /** Starts a process on the store: settles the keys and follows them. */
  start(options?: Partial<StartOptions>): Promise<LiveSigningKeys>
  close(): Promise<void>
}

interface StartOptions {
  readonly algorithm: Algorithm
  readonly masterKey: Buffer
  /** What the source of the master key gives when it is asked again. */
  readonly renewed: Buffer
  monotonicMs(): number
  refuseStale(): void
  onSealedKey(kid: string): void
}

/** Opens a new store in a folder of its own. */
export function openSigningStore(): SigningStore {
  const folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-signing-'))
  const store = openSqliteStore(join(folder, 'a.db'))
  const masterKey = randomBytes(32)
  const renewable = (first: Buffer, renewed: Buffer) => createRenewableMasterKey(first, async () => renewed)
  const opened: SigningStore = {
    store,
    masterKey,
    clock: 1_800_000_000,
    tools: { store, masterKey: renewable(masterKey, masterKey), randomBytes },
    by: () => ({ actor: 'test', origin: 'test', now: opened.clock }),
    start: (options = {}) =>
      openSigningKeys({
        store,
        algorithm: options.algorithm ?? 'ES256',
        masterKey: {
          bytes: options.masterKey ?? masterKey,
          renewable: renewable(
            options.masterKey ?? masterKey,
            options.renewed ?? options.masterKey ?? masterKey,
          ),
        },
        randomBytes,
        now: () => opened.clock,
        monotonicMs: options.monotonicMs ?? (() => performance.now()),
        refuseStale: options.refuseStale ?? (() => {}),
        onSealedKey: options.onSealedKey ?? (() => {}),
      }),
    async close() {
      await store.close()
      rmSync(folder, { recursive: true })
    },
  }
  return opened
}
