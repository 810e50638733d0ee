import { type AdminToken, createAdminToken, revokeAdminToken } from '../admin-token.ts'
import type { AuditFields } from '../audit.ts'
import type { RandomBytes } from '../base62.ts'
import type { Store } from '../store/store.ts'
import { type Acting, tellDifference, toAuditEntry } from './acting.ts'

/**
 * Makes an admin token and writes it.
 *
 * @returns the token itself, which is shown once, and what is kept of it.
 */
export async function createAdminTokenIn(
  store: Pick<Store, 'insertAdminToken'>,
  asked: { readonly name: string; readonly expiresInSeconds: number },
  by: Acting,
  randomBytes: RandomBytes,
): Promise<{ readonly token: string; readonly kept: AdminToken }> {
  const { name, expiresInSeconds } = asked
  const made = createAdminToken(
    { name, createdAt: by.now, expiresAt: by.now + expiresInSeconds },
    randomBytes,
  )
  const after = { ...toFields(made.kept), name }
  const audit = toAuditEntry(by, 'admin_token.create', made.kept.adminTokenId, { after })
  await store.insertAdminToken({ token: made.kept, audit })
  return made
}

/**
 * Ends an admin token for ever.
 *
 * @returns the token as it is now, or `undefined` when there is none of this id.
 */
export function revokeAdminTokenIn(
  store: Pick<Store, 'changeAdminToken'>,
  adminTokenId: string,
  by: Acting,
): Promise<AdminToken | undefined> {
  return store.changeAdminToken(adminTokenId, (before) => {
    const token = revokeAdminToken(before, by.now)
    const told = tellDifference(toFields(before), toFields(token))
    return { token, audit: toAuditEntry(by, 'admin_token.revoke', adminTokenId, told) }
  })
}

function toFields(token: AdminToken): AuditFields {
  return { expires_at: token.expiresAt, revoked_at: token.revokedAt }
}
