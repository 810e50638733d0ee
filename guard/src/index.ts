export { type ProtectedHandler, type ProtectHandlerOptions, protectHandler } from './adapters/node-http.ts'
export type { DenialReason, Denied } from './denial.ts'
export type { DirectKeyClaims, DirectUse } from './direct-key.ts'
export {
  type Introspection,
  type IntrospectionAnswer,
  type IntrospectionOptions,
  introspection,
} from './introspection.ts'
export { type KeySetOptions, keySet } from './key-set.ts'
export type { KeySource } from './key-source.ts'
export {
  createGuard,
  type DenialOptions,
  type DirectKeyGuardOptions,
  type Granted,
  type GuardOptions,
  type Protect,
  type ProtectedRequest,
} from './protect.ts'
export {
  type RevocationFeed,
  type RevocationFeedOptions,
  type RevocationFeedState,
  revocationFeed,
} from './revocation-feed.ts'
export type { RevocationAnswer, RevocationSource } from './revocation-source.ts'
export type { KeyChange, RevocableToken, RevocationReason } from './revocations.ts'
export { type SharedKey, sharedKeys } from './shared-keys.ts'
export {
  createVerifier,
  type IntrospectingVerifierOptions,
  type Refusal,
  type RefusalReason,
  type TokenExpectations,
  type Verification,
  type VerifiedToken,
  type VerifierOptions,
  type Verify,
} from './verify.ts'
