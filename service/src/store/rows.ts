import type { Algorithm, PublicJwk, Scope } from '@interhuman-auth/protocol'
import { parseScope } from '@interhuman-auth/protocol'
import type { Selectable } from 'kysely'
import type { ApiKey, KeyState } from '../api-key.ts'
import type { AuditAction, AuditEntry } from '../audit.ts'
import type { KeyCredentials } from '../authenticate-key.ts'
import type { Change, ChangeKind } from '../change.ts'
import type { SigningKey, SigningKeyState } from '../signing-key.ts'
import type { Verifier, VerifierState } from '../verifier.ts'
import type { ApiKeyTable, AuditTable, ChangeTable, SigningKeyTable, VerifierTable } from './tables.ts'

/** The columns of the hot look-up. Hashes are in hexadecimal: SQLite's blobs cost several times what text costs. */
export interface KeyCredentialsRow
  extends Omit<ApiKeyTable, 'name' | 'created_at' | 'secret_hash' | 'previous_secret_hash'> {
  readonly secret_hash: string
  /** Empty for none. */
  readonly previous_secret_hash: string
}

/** Reads the row of the hot look-up. */
export function toKeyCredentials(row: KeyCredentialsRow): KeyCredentials {
  return {
    keyId: row.key_id,
    scopes: parseScope(row.scopes) as Scope[],
    state: row.state as KeyState,
    generation: row.generation,
    expiresAt: row.expires_at,
    secretHash: Buffer.from(row.secret_hash, 'hex'),
    previousSecretHash: row.previous_secret_hash === '' ? null : Buffer.from(row.previous_secret_hash, 'hex'),
    previousSecretExpiresAt: row.previous_secret_expires_at,
    direct: row.direct === 1,
    revision: row.revision,
    secretNumber: row.secret_number,
    previousSecretNumber: row.previous_secret_number,
  }
}

/** A key's row, with what another table says of it. */
export interface ApiKeyRow extends ApiKeyTable {
  readonly last_used_at: number | null
}

/** Reads a key's row. */
export function toApiKey(row: ApiKeyRow): ApiKey {
  return {
    keyId: row.key_id,
    name: row.name,
    scopes: parseScope(row.scopes) as Scope[],
    state: row.state as KeyState,
    generation: row.generation,
    direct: row.direct === 1,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revision: row.revision,
    lastUsedAt: row.last_used_at,
    secret: { hash: row.secret_hash, number: row.secret_number, expiresAt: null },
    previousSecret:
      row.previous_secret_hash === null
        ? null
        : {
            hash: row.previous_secret_hash,
            number: row.previous_secret_number ?? row.secret_number - 1,
            expiresAt: row.previous_secret_expires_at,
          },
  }
}

/** Writes a key's row. */
export function fromApiKey(key: ApiKey): ApiKeyTable {
  return {
    key_id: key.keyId,
    name: key.name,
    scopes: key.scopes.join(' '),
    state: key.state,
    generation: key.generation,
    direct: key.direct ? 1 : 0,
    created_at: key.createdAt,
    expires_at: key.expiresAt,
    secret_hash: key.secret.hash,
    previous_secret_hash: key.previousSecret?.hash ?? null,
    previous_secret_expires_at: key.previousSecret?.expiresAt ?? null,
    revision: key.revision,
    secret_number: key.secret.number,
    previous_secret_number: key.previousSecret?.number ?? null,
  }
}

/** Reads a signing key's row. */
export function toSigningKey(row: SigningKeyTable): SigningKey {
  return {
    kid: row.kid,
    algorithm: row.algorithm as Algorithm,
    state: row.state as SigningKeyState,
    sealedPrivateKey: row.sealed_private_key,
    publicJwk: row.public_jwk === null ? null : (JSON.parse(row.public_jwk) as PublicJwk),
    createdAt: row.created_at,
    retiredAt: row.retired_at,
    activatedAt: row.activated_at,
    lostAt: row.lost_at,
  }
}

/** Writes a signing key's row. */
export function fromSigningKey(key: SigningKey): SigningKeyTable {
  return {
    kid: key.kid,
    algorithm: key.algorithm,
    state: key.state,
    sealed_private_key: key.sealedPrivateKey,
    public_jwk: key.publicJwk === null ? null : JSON.stringify(key.publicJwk),
    created_at: key.createdAt,
    retired_at: key.retiredAt,
    activated_at: key.activatedAt,
    lost_at: key.lostAt,
  }
}

/** Reads an audit row. */
export function toAuditEntry(row: AuditTable): AuditEntry {
  return {
    at: row.at,
    actor: row.actor,
    action: row.action as AuditAction,
    subject: row.subject,
    detail: JSON.parse(row.detail) as AuditEntry['detail'],
    origin: row.origin,
    before: row.before === null ? null : (JSON.parse(row.before) as AuditEntry['before']),
    after: row.after === null ? null : (JSON.parse(row.after) as AuditEntry['after']),
  }
}

/** Writes an audit row. */
export function fromAuditEntry(entry: AuditEntry): Omit<AuditTable, 'id' | 'mac'> {
  const { detail, before, after, ...columns } = entry
  return {
    ...columns,
    detail: JSON.stringify(detail),
    before: before === null ? null : JSON.stringify(before),
    after: after === null ? null : JSON.stringify(after),
  }
}

/** Reads a change's row. */
export function toChange(row: Selectable<ChangeTable>): Change {
  return {
    revision: row.revision,
    kind: row.kind as ChangeKind,
    subject: row.subject,
    generation: row.generation,
    at: row.at,
    expiresAt: row.expires_at,
    writtenAtMs: row.written_at_ms,
  }
}

/** Reads a verifier's row. */
export function toVerifier(row: VerifierTable): Verifier {
  return {
    verifierId: row.verifier_id,
    name: row.name,
    state: row.state as VerifierState,
    createdAt: row.created_at,
    secretHash: row.secret_hash,
    previousSecretHash: row.previous_secret_hash,
    previousSecretExpiresAt: row.previous_secret_expires_at,
    revision: row.revision,
  }
}

/** Writes a verifier's row. */
export function fromVerifier(verifier: Verifier): VerifierTable {
  return {
    verifier_id: verifier.verifierId,
    name: verifier.name,
    state: verifier.state,
    secret_hash: verifier.secretHash,
    previous_secret_hash: verifier.previousSecretHash,
    previous_secret_expires_at: verifier.previousSecretExpiresAt,
    created_at: verifier.createdAt,
    revision: verifier.revision,
  }
}
