import type { KeyObject } from 'node:crypto'
import { toAuditView } from '../../audit-view.ts'
import { parseClientTokenId } from '../../client-token-id.ts'
import type { SigningKeyTools } from '../../operations/change-signing-keys.ts'
import { loseSigningKey } from '../../operations/lose-signing-key.ts'
import { revokeClientTokenById } from '../../operations/revoke-client-token.ts'
import { rotateSigningKeys } from '../../operations/rotate-signing-keys.ts'
import type { SigningKey } from '../../signing-key.ts'
import { toSigningKeyView } from '../../signing-key-view.ts'
import type { Store } from '../../store/store.ts'
import { formatTime } from '../../time-format.ts'
import type { Change, ChangeId, Read, ReadId } from './handlers.ts'
import { refuseParameter } from './query.ts'

/** What reading tokens, signing keys and the audit needs from outside. */
export interface TokenReadDependencies {
  readonly store: Pick<Store, 'listRevokedTokens' | 'listSigningKeys' | 'listAuditPage'>
  /** Tags the ids of client tokens. */
  readonly tokenIdKey: KeyObject
  /** Epoch seconds. */
  now(): number
}

/** Answers which tokens are revoked, which signing keys there are, and who changed what. */
export function tokenReads({ store, tokenIdKey, now }: TokenReadDependencies) {
  return {
    async listClientTokens({ query: { cursor, limit } }) {
      const rows = await store.listRevokedTokens({ after: cursor, limit: limit + 1, now: now() })
      const shown = rows.slice(0, limit)
      const next_cursor = rows.length > limit ? (shown.at(-1)?.tokenId ?? null) : null
      const view = ({ tokenId, expiresAt }: (typeof rows)[number]) =>
        toRevokedView(tokenId, parseClientTokenId(tokenId, tokenIdKey)?.keyId ?? null, expiresAt)
      return { revoked_tokens: shown.map(view), next_cursor }
    },
    async listSigningKeys() {
      return toSigningKeyList(await store.listSigningKeys(), now())
    },
    async listAudit({ query: { cursor, limit, subject } }) {
      if (cursor !== null && !/^\d{1,15}$/.test(cursor))
        throw refuseParameter('cursor', 'must be what a page before said')
      const before = cursor === null ? null : Number(cursor)
      const rows = await store.listAuditPage({ before, subject, limit: limit + 1 })
      const shown = rows.slice(0, limit)
      const entries = shown.map(({ id, entry }) => ({ id, subject: entry.subject, ...toAuditView(entry) }))
      return { entries, next_cursor: rows.length > limit ? String(shown.at(-1)?.id) : null }
    },
  } satisfies Partial<Record<ReadId, Read>>
}

/** Revokes client tokens, rotates signing keys, and declares one lost. */
export function tokenChanges(tokenIdKey: KeyObject, tools: Omit<SigningKeyTools, 'store'>) {
  return {
    async revokeClientTokenById({ parameters }, store, by) {
      const tokenId = parameters.token_id ?? ''
      const identity = await revokeClientTokenById(store, tokenId, tokenIdKey, by)
      return identity && { view: toRevokedView(tokenId, identity.keyId, identity.expiresAt) }
    },
    async rotateSigningKeys({ body }, store, by) {
      const { now: forced = false } = body as { readonly now?: boolean }
      const keys = await rotateSigningKeys({ ...tools, store }, { forced }, by)
      return { view: toSigningKeyList(keys, by.now) }
    },
    async loseSigningKey({ parameters }, store, by) {
      const keys = await loseSigningKey({ ...tools, store }, parameters.kid ?? '', by)
      return { view: toSigningKeyList(keys, by.now) }
    },
  } satisfies Partial<Record<ChangeId, Change>>
}

function toRevokedView(tokenId: string, keyId: string | null, expiresAt: number) {
  return { token_id: tokenId, key_id: keyId, expires_at: formatTime(expiresAt) }
}

function toSigningKeyList(keys: readonly SigningKey[], now: number) {
  return { signing_keys: keys.map((key) => toSigningKeyView(key, now)) }
}
