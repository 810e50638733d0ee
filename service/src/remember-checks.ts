import type { ChangeWatch } from './change-watch.ts'
import { rememberLookUps } from './remember-look-ups.ts'
import type { Store } from './store/store.ts'

/** What is asked of the store for whoever checks tokens, beside the key. */
export type CheckLookUps = Pick<Store, 'isTokenRevoked' | 'findVerifierBySecret'>

/** Verifiers are as many as there are deployments of guards. */
const MAX_VERIFIERS = 1_000
/** Of the tokens that are asked about again and again. */
const MAX_TOKENS = 20_000

/** Remembers which verifier a secret is of, and of which tokens it is known that they were not revoked. */
export function rememberChecks(
  store: CheckLookUps,
  watch: Pick<ChangeWatch, 'subscribe' | 'isStale' | 'freshen'>,
): CheckLookUps {
  const findVerifier = rememberLookUps(
    {
      read: (hash) => store.findVerifierBySecret(Buffer.from(hash, 'base64url')),
      kind: 'verifier',
      ends: 'all',
      max: MAX_VERIFIERS,
    },
    watch,
  )
  const findUnrevoked = rememberLookUps<true>(
    {
      read: async (tokenId) => ((await store.isTokenRevoked(tokenId)) ? undefined : true),
      kind: 'token',
      ends: 'subject',
      max: MAX_TOKENS,
    },
    watch,
  )
  return {
    findVerifierBySecret: (secretHash) => findVerifier(secretHash.toString('base64url')),
    isTokenRevoked: async (tokenId) => (await findUnrevoked(tokenId)) === undefined,
  }
}
