import type { KeyChange, RevocableToken, RevocationReason } from './revocations.ts'

/** What is known of a good token: nothing ends it, something does, or it cannot be told now (and why, for the operator). */
export type RevocationAnswer =
  | { readonly revoked: false }
  | { readonly revoked: RevocationReason }
  | { readonly revoked: 'unknown'; readonly detail: string }

/** Where a guard hears of revocations: `revocationFeed`. */
export interface RevocationSource {
  /** Resolves when it can be asked for the first time, or has failed to get so far; never rejects. */
  readonly started: Promise<void>
  /** Asks about a token that is good otherwise, from memory alone. */
  readonly ask: (token: RevocableToken) => RevocationAnswer
  /** What ends a token as far as is known, however old that is. */
  readonly findReason: (token: RevocableToken) => RevocationReason | undefined
  /** Whether this key may be trusted no longer, whoever still publishes it. */
  readonly isDeadSigningKey: (kid: string) => boolean
  /** How many of them are known; each new one says that another key signs now. Never falls. */
  readonly deadSigningKeyCount: () => number
  /** The last change of a key, if one is remembered. */
  readonly lastChangeOf: (keyId: string) => KeyChange | undefined
  /** The number of the last change of all. */
  readonly lastChange: () => number
  /** Whether what it knows is younger than the bound. */
  readonly isLiving: () => boolean
}
