import { KEPT_SECONDS } from './change.ts'
import type { ChangeWatch } from './change-watch.ts'
import { rememberLookUps } from './remember-look-ups.ts'
import type { Store } from './store/store.ts'

/** What is asked of the store for whoever checks tokens, beside the key. */
export type CheckLookUps = Pick<Store, 'isTokenRevoked' | 'findVerifierBySecret'>

type Watch = Pick<ChangeWatch, 'subscribe' | 'isStale' | 'freshen' | 'nowMs'>

/** Verifiers are as many as there are deployments of guards. */
const MAX_VERIFIERS = 1_000

/** Remembers which verifier a secret is of, and knows every token that was ended before its time. */
export function rememberChecks(store: Pick<Store, 'findVerifierBySecret'>, watch: Watch): CheckLookUps {
  const findVerifier = rememberLookUps(
    {
      read: (hash) => store.findVerifierBySecret(Buffer.from(hash, 'base64url')),
      kind: 'verifier',
      max: MAX_VERIFIERS,
    },
    watch,
  )
  return {
    findVerifierBySecret: (secretHash) => findVerifier(secretHash.toString('base64url')),
    isTokenRevoked: knowRevokedTokens(watch),
  }
}

/**
 * Every revocation is a change that is in force for as long as its token could live, and the watch tells of all that are: so
 * nothing is asked of the database.
 */
function knowRevokedTokens(watch: Watch): Store['isTokenRevoked'] {
  /** Until when, in epoch seconds, in the order in which they were heard of. */
  const revoked = new Map<string, number>()
  watch.subscribe((changes, reset) => {
    if (reset) revoked.clear()
    dropEnded(revoked, watch.nowMs() / 1000 - KEPT_SECONDS)
    for (const { kind, subject, expiresAt } of changes) if (kind === 'token') revoked.set(subject, expiresAt)
  })
  return async function isTokenRevoked(tokenId) {
    if (watch.isStale()) await watch.freshen()
    return revoked.has(tokenId)
  }
}

/** Up to the first that is kept: no token lives long, so that none stays for long behind it. */
function dropEnded(revoked: Map<string, number>, keptFrom: number): void {
  for (const [tokenId, expiresAt] of revoked) {
    if (expiresAt > keptFrom) return
    revoked.delete(tokenId)
  }
}
