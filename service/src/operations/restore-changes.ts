import { type AdminToken, revokeAdminToken } from '../admin-token.ts'
import { type ApiKey, isAlive } from '../api-key.ts'
import type { SigningKey } from '../signing-key.ts'
import type { RevokedToken } from '../store/pages.ts'
import type { Store } from '../store/store.ts'
import type { Verifier } from '../verifier.ts'
import { type Acting, toAuditEntry } from './acting.ts'
import { revokeAdminTokenIn } from './admin-tokens.ts'
import { auditKeyChange } from './audit-key.ts'
import type { SigningKeyTools } from './change-signing-keys.ts'
import { loseSigningKey } from './lose-signing-key.ts'
import { restrictKey } from './restrict-key.ts'
import { revokeVerifierIn } from './verifiers.ts'

/** What is known of the database that a backup replaces. */
export interface ReplacedStore {
  changedKeys(after: string, limit: number): readonly ApiKey[]
  revokedTokens(after: string, limit: number, now: number): readonly RevokedToken[]
  readonly signingKeys: readonly SigningKey[]
  readonly verifiers: readonly Verifier[]
  readonly adminTokens: readonly AdminToken[]
}

/** Something that was changed since a backup, and what became of it now. */
export interface ChangeSince {
  readonly kind: 'key' | 'token' | 'signing key' | 'verifier' | 'admin token'
  readonly id: string
  readonly told: string
}

/** What a restored store is changed with. */
export interface RestoreTools extends SigningKeyTools {
  readonly store: Store
}

const PAGE = 500

/**
 * Ends in a store that was put back what the database before knows to be dead, each change audited and told to whoever
 * listens, and says what else was changed since.
 *
 * @throws {UnsealError} when a signing key is to be ended and the master key is not that of the store.
 */
export async function endWhatIsDead(
  tools: RestoreTools,
  replaced: ReplacedStore,
  by: Acting,
): Promise<readonly ChangeSince[]> {
  return [
    ...(await endKeys(tools.store, replaced, by)),
    ...(await endTokens(tools.store, replaced, by)),
    ...(await endSigningKeys(tools, replaced.signingKeys, by)),
    ...(await endVerifiers(tools.store, replaced.verifiers, by)),
    ...(await endAdminTokens(tools.store, replaced.adminTokens, by)),
  ]
}

async function endKeys(store: Store, replaced: ReplacedStore, by: Acting): Promise<ChangeSince[]> {
  const changes: ChangeSince[] = []
  for (let page = replaced.changedKeys('', PAGE); page.length > 0; ) {
    for (const key of page) changes.push(await endKey(store, key, by))
    page = replaced.changedKeys(page.at(-1)?.keyId ?? '', PAGE)
  }
  return changes
}

async function endKey(store: Store, replaced: ApiKey, by: Acting): Promise<ChangeSince> {
  let before: ApiKey | undefined
  const after = await store.changeApiKey(replaced.keyId, (restored) => {
    before = restored
    const key = restrictKey(restored, replaced, by.now)
    const isNew = key.state !== restored.state
    const action = !isNew ? 'key.change' : key.state === 'revoked' ? 'key.revoke' : 'key.disable'
    return auditKeyChange(restored, key, action, by)
  })
  return { kind: 'key', id: replaced.keyId, told: tellKey(before, after, replaced) }
}

function tellKey(before: ApiKey | undefined, after: ApiKey | undefined, replaced: ApiKey): string {
  if (before === undefined || after === undefined) return 'created since; it is gone'
  const isRotated = !before.secret.hash.equals(replaced.secret.hash)
  const since = replaced.state !== before.state ? `${stateWord(replaced)} since` : 'changed since'
  const rotated = isRotated ? 'rotated since, and its newest secret is gone' : since
  if (after.state === 'revoked') return before.state === 'revoked' ? rotated : `${since}; revoked again`
  if (after.state !== before.state)
    return replaced.state === 'disabled'
      ? `${since}; disabled again`
      : `${rotated}; disabled: the backup’s secret or scopes were ended; rotate it, then enable it`
  return after === before ? rotated : `${rotated}; held to what both allow`
}

function stateWord({ state }: ApiKey): string {
  return state === 'active' ? 'enabled' : state
}

async function endTokens(store: Store, replaced: ReplacedStore, by: Acting): Promise<ChangeSince[]> {
  const changes: ChangeSince[] = []
  for (let page = replaced.revokedTokens('', PAGE, by.now); page.length > 0; ) {
    for (const { tokenId, expiresAt } of page) {
      const audit = toAuditEntry(by, 'token.revoke', tokenId, { detail: { expires_at: expiresAt } })
      await store.revokeToken({ tokenId, revokedAt: by.now, expiresAt }, audit)
      changes.push({ kind: 'token', id: tokenId, told: 'revoked since; revoked again' })
    }
    page = replaced.revokedTokens(page.at(-1)?.tokenId ?? '', PAGE, by.now)
  }
  return changes
}

async function endSigningKeys(
  tools: RestoreTools,
  replaced: readonly SigningKey[],
  by: Acting,
): Promise<ChangeSince[]> {
  const held = new Map((await tools.store.listSigningKeys()).map((key) => [key.kid, key]))
  const changes: ChangeSince[] = []
  for (const key of replaced) {
    const restored = held.get(key.kid)
    const tell = (told: string) => changes.push({ kind: 'signing key', id: key.kid, told })
    if (restored === undefined) tell('made since; it is gone, and its tokens are refused')
    else if (key.lostAt !== null && restored.lostAt === null) {
      await loseSigningKey(tools, key.kid, by)
      tell('lost since; lost again')
    } else if (key.state !== restored.state)
      tell(`${key.state} since; it is ${restored.state} again until you rotate`)
  }
  return changes
}

async function endVerifiers(store: Store, replaced: readonly Verifier[], by: Acting): Promise<ChangeSince[]> {
  const held = new Map((await store.listVerifiers()).map((verifier) => [verifier.verifierId, verifier]))
  const changes: ChangeSince[] = []
  for (const verifier of replaced) {
    const id = verifier.verifierId
    const restored = held.get(id)
    const tell = (told: string) => changes.push({ kind: 'verifier', id, told })
    if (restored === undefined) tell('created since; it is gone')
    else if (restored.state === 'revoked') continue
    else if (verifier.state === 'revoked') {
      await revokeVerifierIn(store, id, by)
      tell('revoked since; revoked again')
    } else if (hasDeadSecret(restored, verifier, by.now)) {
      await revokeVerifierIn(store, id, by)
      tell('rotated since; revoked, since a secret that was ended would be alive again; create another one')
    } else if (!restored.secretHash.equals(verifier.secretHash))
      tell('rotated since; its newest secret is gone')
  }
  return changes
}

/** Whether one of the secrets of a restored verifier was ended since. */
function hasDeadSecret(restored: Verifier, replaced: Verifier, now: number): boolean {
  const lives = ({ secretHash, previousSecretHash, previousSecretExpiresAt }: Verifier) => [
    secretHash,
    ...(previousSecretHash !== null && isAlive(previousSecretExpiresAt, now) ? [previousSecretHash] : []),
  ]
  return lives(restored).some((hash) => !lives(replaced).some((other) => other.equals(hash)))
}

async function endAdminTokens(
  store: Store,
  replaced: readonly AdminToken[],
  by: Acting,
): Promise<ChangeSince[]> {
  const held = new Map((await store.listAdminTokens()).map((token) => [token.adminTokenId, token]))
  const changes: ChangeSince[] = []
  for (const token of replaced) {
    const id = token.adminTokenId
    const restored = held.get(id)
    const tell = (told: string) => changes.push({ kind: 'admin token', id, told })
    if (restored === undefined) tell('created since; it is gone')
    else if (token.revokedAt !== null && revokeAdminToken(restored, by.now) !== restored) {
      await revokeAdminTokenIn(store, id, by)
      tell('revoked since; revoked again')
    }
  }
  return changes
}
