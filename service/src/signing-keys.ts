import {
  type KeySet,
  MAX_CLIENT_TOKEN_LIFETIME_SECONDS,
  MAX_CLOCK_SKEW_SECONDS,
} from '@interhuman-auth/protocol'
import { OperatorError } from './operator-error.ts'
import { createSigningKey, type SigningKey, type SigningKeyContext } from './signing-key.ts'

/** How long a retired key goes on verifying, in seconds: the longest token and the skew (our contract, section 3). */
export const RETIRED_KEY_SECONDS = MAX_CLIENT_TOKEN_LIFETIME_SECONDS + MAX_CLOCK_SKEW_SECONDS

/** How long a checker may keep the key set, in seconds (our contract, section 3). */
export const KEY_SET_MAX_AGE_SECONDS = 300

/**
 * How long a key is published before it signs, unless somebody is in a hurry, in seconds: as long as a key set is kept, and
 * what it takes until every node publishes it.
 */
export const PUBLISHED_BEFORE_SIGNING_SECONDS = KEY_SET_MAX_AGE_SECONDS + 60

/** How long the row of a retired key stays for people to look at, in seconds: 30 days. */
export const RETIRED_ROW_SECONDS = 30 * 24 * 3600

/** Which rows change; keyed by `kid`. Those of `update` stand in the order in which they have to be written. */
export interface SigningKeyChange {
  readonly insert: readonly SigningKey[]
  readonly update: readonly SigningKey[]
  /** Those whose time has long been over. */
  readonly remove?: readonly SigningKey[]
}

/** Why signing keys cannot be changed as asked. */
export type SigningKeyProblem = 'next_not_published' | 'unknown'

/** A change that the signing keys do not allow now; nothing was written. */
export class SigningKeyError extends OperatorError {
  override readonly name = 'SigningKeyError'
  readonly problem: SigningKeyProblem
  /** With `next_not_published`: how long it still takes, in seconds. */
  readonly waitSeconds: number

  constructor(problem: SigningKeyProblem, waitSeconds = 0) {
    super(
      problem === 'unknown'
        ? 'there is no signing key of that kid'
        : `the next signing key is not known to every guard yet; wait ${waitSeconds} s, or rotate with --now`,
    )
    this.problem = problem
    this.waitSeconds = waitSeconds
  }
}

/** What rotating needs from outside: the algorithm is that of the key whose turn it is. */
export type RotationContext = Omit<SigningKeyContext, 'algorithm'>

/**
 * Plans what makes `keys` a set with one active and one next key, the next one of the asked algorithm. After a change of
 * the algorithm it is the next key that is another one: it is published first and signs from the next rotation on, so
 * that no token comes from a key that nobody knows.
 */
export function settleSigningKeys(keys: readonly SigningKey[], context: SigningKeyContext): SigningKeyChange {
  const active = inState(keys, 'active')
  const next = inState(keys, 'next')
  const fits = next?.algorithm === context.algorithm
  if (active !== undefined && fits) return { insert: [], update: [] }
  const remove = longRetired(keys, context.now)
  if (active !== undefined) {
    const update = next === undefined ? [] : [retire(next, context.now)]
    return { insert: [createSigningKey('next', context)], update, remove }
  }
  if (next !== undefined && fits)
    return { insert: [createSigningKey('next', context)], update: [activate(next, context.now)], remove }
  const update = next === undefined ? [] : [retire(next, context.now)]
  return { insert: [createSigningKey('active', context), createSigningKey('next', context)], update, remove }
}

/**
 * Plans a rotation: the next key becomes active, the active one retires, and a new next one of the same algorithm is made
 * and published.
 *
 * @param forced rotate even if the next key is not known to every guard yet.
 * @throws {SigningKeyError} `next_not_published`
 */
export function rotateSigningKeys(
  keys: readonly SigningKey[],
  context: RotationContext,
  { forced }: { readonly forced: boolean },
): SigningKeyChange {
  const { now } = context
  const { active, next } = living(keys)
  const waitSeconds = next.createdAt + PUBLISHED_BEFORE_SIGNING_SECONDS - now
  if (waitSeconds > 0 && !forced) throw new SigningKeyError('next_not_published', waitSeconds)
  return {
    insert: [createSigningKey('next', { ...context, algorithm: next.algorithm })],
    update: [retire(active, now), activate(next, now)],
    remove: longRetired(keys, now),
  }
}

/**
 * Plans what becomes of the signing keys when one is lost: it is in no key set any more and its tokens are dead. Where it was
 * the active one, the next one signs at once, published long enough or not; where it was the next one, another takes its place.
 * One that is lost already is left as it is.
 *
 * @throws {SigningKeyError} `unknown`
 */
export function loseSigningKey(
  keys: readonly SigningKey[],
  kid: string,
  context: RotationContext,
): SigningKeyChange {
  const { now } = context
  const key = keys.find((each) => each.kid === kid)
  if (key === undefined) throw new SigningKeyError('unknown')
  if (key.lostAt !== null) return { insert: [], update: [] }
  const lost: SigningKey = { ...retire(key, now), lostAt: now }
  const remove = longRetired(keys, now).filter((each) => each.kid !== kid)
  if (key.state === 'retired') return { insert: [], update: [lost], remove }
  const { next } = living(keys)
  const insert = [createSigningKey('next', { ...context, algorithm: next.algorithm })]
  return { insert, update: key === next ? [lost] : [lost, activate(next, now)], remove }
}

/**
 * Says from when on the keys are to be rotated, in epoch seconds, or `null` for never: when the active key is older than
 * asked, or when the next one is of another algorithm, and not before the next one is known to every guard.
 *
 * @param rotationSeconds how long a key signs; `null` for as long as nobody rotates.
 */
export function rotationDueAt(keys: readonly SigningKey[], rotationSeconds: number | null): number | null {
  const active = inState(keys, 'active')
  const next = inState(keys, 'next')
  if (active === undefined || next === undefined) return null
  const published = next.createdAt + PUBLISHED_BEFORE_SIGNING_SECONDS
  if (active.algorithm !== next.algorithm) return published
  if (rotationSeconds === null) return null
  return Math.max(published, signingSince(active) + rotationSeconds)
}

/** Since when the active key signs, in epoch seconds. A store of an older version did not keep it. */
export function signingSince(active: SigningKey): number {
  return active.activatedAt ?? active.createdAt
}

/** Whether a token of a key can still be good: it is not lost, and not retired for too long. */
export function verifies(key: SigningKey, now: number): boolean {
  return key.lostAt === null && now < verifiesUntil(key)
}

/** From when on a key verifies nothing, in epoch seconds, unless it is lost before. */
export function verifiesUntil(key: SigningKey): number {
  return key.retiredAt === null ? Number.POSITIVE_INFINITY : key.retiredAt + RETIRED_KEY_SECONDS
}

/** Writes the key set: next, active, and retired keys while a token of theirs may live; no lost one. Empty with HS256. */
export function formatKeySet(keys: readonly SigningKey[], now: number): KeySet {
  return { keys: keys.filter((key) => verifies(key, now)).flatMap((key) => key.publicJwk ?? []) }
}

/** The two keys that every settled store has. */
export function living(keys: readonly SigningKey[]): {
  readonly active: SigningKey
  readonly next: SigningKey
} {
  const active = inState(keys, 'active')
  const next = inState(keys, 'next')
  if (active === undefined || next === undefined)
    throw new OperatorError('the store has no signing keys yet; start the service once')
  return { active, next }
}

function inState(keys: readonly SigningKey[], state: SigningKey['state']): SigningKey | undefined {
  return keys.find((key) => key.state === state)
}

function activate(key: SigningKey, now: number): SigningKey {
  return { ...key, state: 'active', activatedAt: now }
}

/** One that is retired already keeps its time. */
function retire(key: SigningKey, now: number): SigningKey {
  return { ...key, state: 'retired', retiredAt: key.retiredAt ?? now }
}

function longRetired(keys: readonly SigningKey[], now: number): SigningKey[] {
  return keys.filter((key) => key.retiredAt !== null && key.retiredAt + RETIRED_ROW_SECONDS <= now)
}
