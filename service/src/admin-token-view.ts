import { type AdminToken, adminTokenState } from './admin-token.ts'
import { formatTime } from './time-format.ts'

/** An admin token as `--json` and the operator's API show it; times in ISO 8601. Never the token, nor its hash. */
export interface AdminTokenView {
  readonly admin_token_id: string
  readonly name: string
  readonly state: 'active' | 'expired' | 'revoked'
  readonly created_at: string
  readonly expires_at: string
  readonly revoked_at: string | null
}

/** Writes an admin token for people and programs. */
export function toAdminTokenView(token: AdminToken, now: number): AdminTokenView {
  return {
    admin_token_id: token.adminTokenId,
    name: token.name,
    state: adminTokenState(token, now),
    created_at: formatTime(token.createdAt),
    expires_at: formatTime(token.expiresAt),
    revoked_at: token.revokedAt === null ? null : formatTime(token.revokedAt),
  }
}
