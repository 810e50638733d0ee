import type { KeyObject } from 'node:crypto'
import { MAX_CLOCK_SKEW_SECONDS } from '@interhuman-auth/protocol'
import { type ClientTokenIdentity, parseClientTokenId } from '../client-token-id.ts'
import type { Store } from '../store/store.ts'
import { type Acting, toAuditEntry } from './acting.ts'

/**
 * Revokes a client token, whosesoever it is, by its id. One whose time is over is left alone.
 *
 * @param tokenIdKey the key that ids are tagged with: an id that was never issued here names nothing.
 * @returns what the id says of the token, or `undefined` when it was not issued here.
 */
export async function revokeClientTokenById(
  store: Pick<Store, 'revokeToken'>,
  tokenId: string,
  tokenIdKey: KeyObject,
  by: Acting,
): Promise<ClientTokenIdentity | undefined> {
  const identity = parseClientTokenId(tokenId, tokenIdKey)
  if (identity === undefined) return undefined
  const expiresAt = identity.expiresAt + MAX_CLOCK_SKEW_SECONDS
  const detail = { key_id: identity.keyId, expires_at: identity.expiresAt }
  if (expiresAt > by.now)
    await store.revokeToken(
      { tokenId, revokedAt: by.now, expiresAt },
      toAuditEntry(by, 'client_token.revoke', tokenId, { detail }),
    )
  return identity
}
