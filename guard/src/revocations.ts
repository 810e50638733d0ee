import {
  MAX_CLIENT_TOKEN_LIFETIME_SECONDS,
  MAX_CLOCK_SKEW_SECONDS,
  type RevocationChange,
} from '@interhuman-auth/protocol'

/** What of a token can have been revoked. */
export interface RevocableToken {
  readonly keyId: string
  readonly generation: number
  readonly tokenId: string
}

/** Why a token is dead. */
export type RevocationReason = 'key_revoked' | 'token_revoked' | 'signing_key_revoked'

/** A change of a key as it was heard of. */
export interface KeyChange {
  /** Numbers count up over all changes. */
  readonly number: number
  /** Milliseconds since it was heard of. */
  readonly ageMs: number
}

/** What the feed said, as long as it can matter. */
export interface Revocations {
  /**
   * Takes a change up. A generation never falls, and a change that is said again counts anew.
   *
   * @returns false when there is no room: nothing was taken up, and nothing forgotten for it.
   */
  readonly apply: (change: RevocationChange) => boolean
  /** Drops what no living token can need. `epochSeconds`: a time that is not ahead of the clocks on either side. */
  readonly sweep: (epochSeconds: number) => void
  readonly findReason: (token: RevocableToken) => RevocationReason | undefined
  readonly isDeadSigningKey: (kid: string) => boolean
  /** How many signing keys are dead; never falls. */
  readonly deadSigningKeyCount: () => number
  /** The last change of a key, if one is remembered. */
  readonly lastChangeOf: (keyId: string) => KeyChange | undefined
  /** The number of the last change of all. */
  readonly lastChange: () => number
  /** How many entries there are. */
  readonly size: () => number
}

/** How long, in milliseconds, an entry may matter: the longest token life and the largest skew. */
export const REMEMBER_MS = (MAX_CLIENT_TOKEN_LIFETIME_SECONDS + MAX_CLOCK_SKEW_SECONDS) * 1000

/** How many dead signing keys are remembered; they are for ever, since who has one goes on signing. */
export const MAX_DEAD_SIGNING_KEYS = 1_000

interface KeyEntry {
  readonly generation: number
  readonly number: number
  readonly until: number
}

interface TokenEntry {
  readonly expiresAt: number
  readonly until: number
}

/**
 * The state behind a feed, without any I/O. An entry ends {@link REMEMBER_MS} after it was last said, by a clock that
 * never goes back; that of a token as soon as its expiry is certain.
 *
 * @param maxEntries of keys and tokens together.
 * @param monotonicNow milliseconds.
 */
export function createRevocations(maxEntries: number, monotonicNow: () => number): Revocations {
  // Entries are put in anew with each change, so both maps are in the order in which entries end.
  const keys = new Map<string, KeyEntry>()
  const tokens = new Map<string, TokenEntry>()
  const deadSigningKeys = new Set<string>()
  let changes = 0

  const hasRoom = () => keys.size + tokens.size < maxEntries

  function applyKey({ keyId, generation }: Extract<RevocationChange, { kind: 'key' }>, until: number) {
    const known = keys.get(keyId)
    if (known === undefined && !hasRoom()) return false
    keys.delete(keyId)
    keys.set(keyId, {
      generation: Math.max(generation, known?.generation ?? 0),
      number: changes,
      until,
    })
    return true
  }

  function applyToken({ tokenId, expiresAt }: Extract<RevocationChange, { kind: 'token' }>, until: number) {
    if (!tokens.delete(tokenId) && !hasRoom()) return false
    tokens.set(tokenId, { expiresAt, until })
    return true
  }

  function applySigningKey(kid: string): boolean {
    if (!deadSigningKeys.has(kid) && deadSigningKeys.size >= MAX_DEAD_SIGNING_KEYS) return false
    deadSigningKeys.add(kid)
    return true
  }

  return {
    apply(change) {
      changes += 1
      const until = monotonicNow() + REMEMBER_MS
      if (change.kind === 'key') return applyKey(change, until)
      return change.kind === 'token' ? applyToken(change, until) : applySigningKey(change.kid)
    },
    sweep(epochSeconds) {
      const now = monotonicNow()
      dropEnded(keys, now)
      dropEnded(tokens, now)
      for (const [tokenId, { expiresAt }] of tokens)
        if (epochSeconds >= expiresAt + MAX_CLOCK_SKEW_SECONDS) tokens.delete(tokenId)
    },
    findReason({ keyId, generation, tokenId }) {
      const known = keys.get(keyId)
      if (known !== undefined && generation < known.generation) return 'key_revoked'
      return tokens.has(tokenId) ? 'token_revoked' : undefined
    },
    isDeadSigningKey: (kid) => deadSigningKeys.has(kid),
    deadSigningKeyCount: () => deadSigningKeys.size,
    lastChangeOf(keyId) {
      const known = keys.get(keyId)
      if (known === undefined) return undefined
      return { number: known.number, ageMs: monotonicNow() - (known.until - REMEMBER_MS) }
    },
    lastChange: () => changes,
    size: () => keys.size + tokens.size + deadSigningKeys.size,
  }
}

function dropEnded(entries: Map<string, { readonly until: number }>, now: number): void {
  for (const [name, { until }] of entries) {
    if (now < until) return
    entries.delete(name)
  }
}
