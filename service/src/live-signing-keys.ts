import type { Change } from './change.ts'
import type { SigningKey } from './signing-key.ts'
import {
  createKeySetText,
  readRing,
  type Signers,
  type SigningRing,
  type SigningRingContext,
  withoutLost,
} from './signing-ring.ts'
import type { Store } from './store/store.ts'
import { StoreUnavailableError } from './store/store-error.ts'
import type { VerificationKey } from './verification-key.ts'

/** What a process signs and verifies with, replaced as a whole whenever the signing keys of the store are others. */
export interface LiveSigningKeys {
  /**
   * What signs now; asked for at each token.
   *
   * @throws {StoreUnavailableError} when this process may not know which key signs: then it signs with none.
   */
  signers(): Signers
  /**
   * The key that verifies tokens of this `kid`: the next, the active or a retired one whose tokens may live; no lost one.
   *
   * @throws {StoreUnavailableError} when this process may not know which key is lost.
   */
  verificationKey(kid: string): VerificationKey | undefined
  /**
   * The body of the key set, JSON (RFC 7517 section 5).
   *
   * @throws {StoreUnavailableError} when this process may not know which keys are published.
   */
  keySet(): string
  /** The keys as the store held them when they were last read. */
  readonly keys: readonly SigningKey[]
  /** Reads them anew. Calls follow one another: what one has read is never replaced by what an earlier one read. */
  reload(): Promise<void>
  /**
   * Takes up changes: a lost key is dead when this returns, and what else is another is read anew, again and again until that
   * succeeds.
   *
   * @param reset whether other changes may have been missed.
   */
  hear(changes: readonly Change[], reset: boolean): void
}

/** What following the keys of a store needs from outside. */
export interface LiveSigningKeysContext extends SigningRingContext {
  readonly store: Pick<Store, 'listSigningKeys'>
  /** Epoch seconds. */
  now(): number
  /** Milliseconds of a clock that never goes back. */
  monotonicMs(): number
  /** @throws {StoreUnavailableError} when this process has not heard of changes lately. */
  refuseStale(): void
}

/** How long a change of the keys may be known and not taken up before nothing is signed or verified any more, in milliseconds. */
const MAX_BEHIND_MS = 5_000

/** How soon keys that could not be read are read again, in milliseconds. */
const RETRY_MS = 250

/** Reads the signing keys of a store, opens them, and follows them. */
export async function followSigningKeys(context: LiveSigningKeysContext): Promise<LiveSigningKeys> {
  const { now, monotonicMs, refuseStale } = context
  const follower = createFollower(
    context,
    await readRing(await context.store.listSigningKeys(), new Map(), context),
  )
  let keySet = createKeySetText(follower.ring, now())
  const refuseBehind = () => {
    refuseStale()
    const { behindSinceMs } = follower
    if (behindSinceMs !== null && monotonicMs() - behindSinceMs > MAX_BEHIND_MS)
      throw new StoreUnavailableError('the signing keys were changed and cannot be read')
  }
  return {
    signers() {
      refuseBehind()
      const { ring } = follower
      if (ring.signers === null)
        throw new StoreUnavailableError('the active signing key is not open; this node needs its master key')
      return ring.signers
    },
    verificationKey(kid) {
      refuseBehind()
      const found = follower.ring.verifying.get(kid)
      return found !== undefined && now() < found.until ? found.key : undefined
    },
    keySet() {
      refuseBehind()
      const at = now()
      if (keySet.ring !== follower.ring || at < keySet.from || at >= keySet.until)
        keySet = createKeySetText(follower.ring, at)
      return keySet.text
    },
    get keys() {
      return follower.ring.keys
    },
    reload: follower.reload,
    hear: follower.hear,
  }
}

/** The ring, replaced as the store's keys are. */
interface Follower extends Pick<LiveSigningKeys, 'reload' | 'hear'> {
  readonly ring: SigningRing
  /** Since when something was heard that is not read yet. */
  readonly behindSinceMs: number | null
}

function createFollower(context: LiveSigningKeysContext, first: SigningRing): Follower {
  const { store, monotonicMs } = context
  const follower = { ring: first, behindSinceMs: null as number | null, reload, hear }
  let turn: Promise<void> = Promise.resolve()
  let heard = 0
  /** Heard of and not seen in the store yet: a reading that began before must not put them back. */
  let lost: readonly string[] = []

  function reload(): Promise<void> {
    const done = turn.then(async () => {
      const [hearing, beganMs] = [heard, monotonicMs()]
      const ring = await readRing(await store.listSigningKeys(), follower.ring.prepared, context)
      lost = lost.filter((kid) => ring.verifying.has(kid))
      follower.ring = withoutLost(ring, lost)
      follower.behindSinceMs = hearing === heard ? null : beganMs
    })
    turn = done.catch(() => {})
    return done
  }

  function catchUp(): void {
    reload().catch(() => setTimeout(catchUp, RETRY_MS).unref())
  }

  function hear(changes: readonly Change[], reset: boolean): void {
    const dead = changes.flatMap(({ kind, subject }) => (kind === 'signing-key' ? [subject] : []))
    lost = [...lost, ...dead]
    follower.ring = withoutLost(follower.ring, lost)
    if (!reset && dead.length === 0 && !changes.some(({ kind }) => kind === 'signing-keys')) return
    heard += 1
    follower.behindSinceMs ??= monotonicMs()
    catchUp()
  }

  return follower
}
