export { type ProtectedHandler, type ProtectHandlerOptions, protectHandler } from './adapters/node-http.ts'
export type { DenialReason, Denied } from './denial.ts'
export { type KeySetOptions, keySet } from './key-set.ts'
export type { KeySource } from './key-source.ts'
export {
  createGuard,
  type Granted,
  type GuardOptions,
  type Protect,
  type ProtectedRequest,
} from './protect.ts'
export { type SharedKey, sharedKeys } from './shared-keys.ts'
export {
  createVerifier,
  type Refusal,
  type RefusalReason,
  type Verification,
  type VerifiedToken,
  type VerifierOptions,
  type Verify,
} from './verify.ts'
