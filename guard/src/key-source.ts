import type { VerificationKey } from './verification-key.ts'

/** What a key source says of a `kid`: here it is, there is none, or it cannot be told now (and why, for the operator). */
export type KeyLookup =
  | { readonly key: VerificationKey }
  | { readonly missing: 'unknown' }
  | { readonly missing: 'unavailable'; readonly detail: string }

/**
 * Where the keys come from: `keySet` or `sharedKeys`. A verifier takes one, and each has one kind of key, so a public
 * key can never stand in for a shared one.
 */
export interface KeySource {
  /**
   * Looks a `kid` up, letter for letter; it is a name in a table and nothing else. Never rejects.
   *
   * @param deadSigningKeys how many signing keys the feed has said to be dead so far, 0 without a feed. More than before
   *   mean that a key may sign which is not known yet.
   */
  readonly find: (kid: string, deadSigningKeys?: number) => Promise<KeyLookup>
}
