import { ADMIN_TOKEN_PREFIX, VERIFIER_PREFIX } from '@interhuman-auth/protocol'
import { adminTokenState } from '../admin-token.ts'
import { hashSecret, isAlive } from '../api-key.ts'
import type { Store } from '../store/store.ts'

/** What a secret is, and what has become of it. Never the secret. */
export interface SecretVerdict {
  readonly kind: 'key' | 'verifier' | 'admin_token'
  /** Whose it is; `null` for one that this store does not know. */
  readonly id: string | null
  /**
   * `alive` lets somebody in. `replaced` was rotated away. `unknown` is of another store, or was replaced before the last
   * rotation.
   */
  readonly state: 'alive' | 'expired' | 'disabled' | 'revoked' | 'replaced' | 'unknown'
}

/** What is asked about secrets. */
export type SecretLookups = Pick<
  Store,
  'findKeyCredentialsBySecret' | 'findVerifierBySecret' | 'findAdminToken'
>

/** Says what a secret of the right form is, by its hash. */
export function judgeSecret(secret: string, store: SecretLookups, now: number): Promise<SecretVerdict> {
  const hash = hashSecret(secret)
  if (secret.startsWith(VERIFIER_PREFIX)) return judgeVerifier(hash, store, now)
  if (secret.startsWith(ADMIN_TOKEN_PREFIX)) return judgeAdminToken(hash, store, now)
  return judgeKey(hash, store, now)
}

async function judgeKey(hash: Buffer, store: SecretLookups, now: number): Promise<SecretVerdict> {
  const key = await store.findKeyCredentialsBySecret(hash)
  if (key === undefined) return { kind: 'key', id: null, state: 'unknown' }
  const state = () => {
    if (key.state !== 'active') return key.state
    if (!isAlive(key.expiresAt, now)) return 'expired'
    return key.secretHash.equals(hash) || isAlive(key.previousSecretExpiresAt, now) ? 'alive' : 'replaced'
  }
  return { kind: 'key', id: key.keyId, state: state() }
}

async function judgeVerifier(hash: Buffer, store: SecretLookups, now: number): Promise<SecretVerdict> {
  const verifier = await store.findVerifierBySecret(hash)
  if (verifier === undefined) return { kind: 'verifier', id: null, state: 'unknown' }
  const state = () => {
    if (verifier.state === 'revoked') return 'revoked'
    const isCurrent = verifier.secretHash.equals(hash)
    return isCurrent || isAlive(verifier.previousSecretExpiresAt, now) ? 'alive' : 'replaced'
  }
  return { kind: 'verifier', id: verifier.verifierId, state: state() }
}

async function judgeAdminToken(hash: Buffer, store: SecretLookups, now: number): Promise<SecretVerdict> {
  const token = await store.findAdminToken(hash)
  if (token === undefined) return { kind: 'admin_token', id: null, state: 'unknown' }
  const state = adminTokenState(token, now)
  return { kind: 'admin_token', id: token.adminTokenId, state: state === 'active' ? 'alive' : state }
}
