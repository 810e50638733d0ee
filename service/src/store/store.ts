import type { KeyObject } from 'node:crypto'
import type { AdminToken } from '../admin-token.ts'
import type { ApiKey } from '../api-key.ts'
import type { AuditEntry } from '../audit.ts'
import type { ChainEnds, ChainedRow } from '../audit-chain.ts'
import type { KeyCredentials } from '../authenticate-key.ts'
import type { ChangeReading, Hearing, Lease, LeaseRenewal } from '../change.ts'
import type { TokenRevocation } from '../client-token.ts'
import type { QuotaStore } from '../limits/quota.ts'
import type { Receipt, RepeatableRequest } from '../receipt.ts'
import type { SealedSetting } from '../sealed-secrets.ts'
import type { SigningKey } from '../signing-key.ts'
import type { SigningKeyChange } from '../signing-keys.ts'
import type { UsageStore } from '../usage.ts'
import type { Verifier } from '../verifier.ts'
import type {
  AuditPageRequest,
  AuditRow,
  KeyPage,
  KeyPageRequest,
  RevokedToken,
  RevokedTokenPageRequest,
} from './pages.ts'
import type { TransferStore } from './transfer.ts'

/** What a change of a key gives back: the key as it shall be, and the row that tells of it. */
export interface AuditedKey {
  readonly key: ApiKey
  readonly audit: AuditEntry
}

/** A verifier as it shall be, and the row that tells of it. */
export interface AuditedVerifier {
  readonly verifier: Verifier
  readonly audit: AuditEntry
}

/** What is sealed under the master key, and what is told of the master keys before. */
export interface Sealed {
  readonly signingKeys: readonly SigningKey[]
  readonly settings: readonly SealedSetting[]
  /** The setting {@link REPLACED_MASTER_KEYS}. */
  readonly replaced: string | undefined
}

/** What a change of an admin token gives back: the token as it shall be, and the row that tells of it. */
export interface AuditedAdminToken {
  readonly token: AdminToken
  readonly audit: AuditEntry
}

/**
 * Where keys are kept. The duties of every store, held by one suite of tests:
 *
 * - A write that was acknowledged (its promise resolved) survives the death of the process and of the machine.
 * - A change and its audit row are written together or not at all.
 * - A change made by another process is seen by the very next look-up.
 * - Two changes of one key never lose one another: the function that changes sees the latest state.
 * - What a change function throws is thrown on, and nothing is written.
 * - What others have to hear of (a change of a key, a revoked token, other signing keys) is written as a change in the same
 *   transaction; the revisions of changes are the order of their commits, without a gap.
 */
export interface Store extends TransferStore, QuotaStore, UsageStore {
  /** The one hot look-up: what the exchange asks of a key. */
  findKeyCredentials(keyId: string): Promise<KeyCredentials | undefined>

  /** The same by the SHA-256 of a secret of the key, its own or the one that a rotation lets live on. */
  findKeyCredentialsBySecret(secretHash: Buffer): Promise<KeyCredentials | undefined>

  findApiKey(keyId: string): Promise<ApiKey | undefined>

  /** Lists keys in order of creation. An `after` that names no key gives the first page. */
  listApiKeys(request: KeyPageRequest): Promise<KeyPage>

  insertApiKey(added: AuditedKey): Promise<void>

  /**
   * Inserts many keys: all of them, or none.
   *
   * @param beforeCommit runs inside the transaction once they are in, and in no two transactions at the same time; if it
   * throws, there is none of them.
   */
  insertApiKeys(added: readonly AuditedKey[], beforeCommit: () => void): Promise<void>

  /**
   * Inserts a key only if there is none at all, whoever else tries at the same time.
   *
   * @param beforeCommit runs inside the transaction once the key is in; if it throws, there is no key.
   * @returns whether the key was inserted.
   */
  insertFirstApiKey(added: AuditedKey, beforeCommit: () => void): Promise<boolean>

  /**
   * Replaces a key by what `change` makes of it, or leaves it and writes no audit row where that is the same object.
   *
   * @returns the key as it is now, or `undefined` when there is none of this id.
   */
  changeApiKey(keyId: string, change: (key: ApiKey) => AuditedKey): Promise<ApiKey | undefined>

  /** By its SHA-256. */
  findAdminToken(tokenHash: Buffer): Promise<AdminToken | undefined>

  /** Every admin token, in order of creation. */
  listAdminTokens(): Promise<readonly AdminToken[]>

  insertAdminToken(added: AuditedAdminToken): Promise<void>

  /**
   * Replaces an admin token by what `change` makes of it, or leaves it and writes no audit row where that is the same object.
   *
   * @returns the token as it is now, or `undefined` when there is none of this id.
   */
  changeAdminToken(
    adminTokenId: string,
    change: (token: AdminToken) => AuditedAdminToken,
  ): Promise<AdminToken | undefined>

  /**
   * Does `work` once for a request, with what it is given as the store: its changes and the receipt are one transaction.
   * Whoever asks the same at the same time waits and gets the receipt. What `work` throws is thrown on, and nothing is
   * written, not even a receipt.
   *
   * @param work must use no other store than the one that it is given. @returns what is kept as the outcome.
   */
  changeOnce(request: RepeatableRequest, work: (store: ChangingStore) => Promise<string>): Promise<Receipt>

  /**
   * Keeps a token as revoked and drops every one whose time is over by then. One that is kept already stays as it is, and
   * no audit row is written.
   */
  revokeToken(revocation: TokenRevocation, audit: AuditEntry): Promise<void>

  /** Says whether a token is kept as revoked. */
  isTokenRevoked(tokenId: string): Promise<boolean>

  /** The verifier of the SHA-256 of a secret, its own or the one that a rotation lets live on. */
  findVerifierBySecret(secretHash: Buffer): Promise<Verifier | undefined>

  /** Every verifier, in order of creation. */
  listVerifiers(): Promise<readonly Verifier[]>

  insertVerifier(added: AuditedVerifier): Promise<void>

  /**
   * Replaces a verifier by what `change` makes of it, or leaves it and writes nothing where that is the same object.
   *
   * @returns the verifier as it is now, or `undefined` when there is none of this id.
   */
  changeVerifier(
    verifierId: string,
    change: (verifier: Verifier) => AuditedVerifier,
  ): Promise<Verifier | undefined>

  /**
   * The changes behind a revision, all that are in force for `null`, and what they are read with: one moment of the
   * database.
   *
   * Renews leases along with it for {@link LEASE_MS} from then on, by the clock of the database, and drops those whose time
   * is over; none where this is no longer the store that they are of, or its head is before `after`. A renewal need not
   * survive the death of the machine.
   */
  readChanges(after: number | null, renewal?: LeaseRenewal): Promise<ChangeReading>

  /**
   * Calls `onHint` soon after somebody wrote a change, wherever; it may call without one, and misses what was written while
   * the database was not reached. Never throws: what it hears with is made again by itself.
   */
  hearChanges(onHint: () => void): Hearing

  /** Takes note that a revision is in force at the holder of a living lease of that name; of no other anything. */
  acknowledgeLease(lease: Pick<Lease, 'holder' | 'name' | 'revision'>): Promise<void>

  /** Ends a lease before its time. */
  endLease(holder: string): Promise<void>

  /** The leases that are alive, by name. */
  listLeases(): Promise<readonly Lease[]>

  /** The tokens that are revoked, in the order of their ids. */
  listRevokedTokens(request: RevokedTokenPageRequest): Promise<readonly RevokedToken[]>

  /** A page of audit rows, the newest first. */
  listAuditPage(request: AuditPageRequest): Promise<readonly AuditRow[]>

  /**
   * From now on audit rows are chained with the key that `open` gives, which is asked once, before the first change. A store
   * that was given none writes rows that `audit verify` does not take for ours.
   */
  chainAudit(open: () => Promise<KeyObject>): void

  /** A page of audit rows as they are kept, the oldest first, behind the row `after`. */
  listChainedRows(after: number, limit: number): Promise<readonly ChainedRow[]>

  /** Where the chain of the audit begins, where rows were removed, and where it ends. */
  readChainEnds(): Promise<ChainEnds>

  /**
   * Removes audit rows from before a time (epoch seconds), a bounded number of the oldest, and leaves a checkpoint and the row
   * that `audit` gives in their place. @returns how many went.
   */
  pruneAudit(
    before: number,
    audit: (removed: { readonly rows: number; readonly lastId: number }) => AuditEntry,
  ): Promise<number>

  /** The audit rows of a key, a token or a `kid`, oldest first, the newest `limit` of them. */
  listAuditEntries(subject: string, limit: number): Promise<readonly AuditEntry[]>

  listSigningKeys(): Promise<readonly SigningKey[]>

  /** Writes what `plan` wants changed in view of the keys there are; two at once do not both plan on the same view. */
  changeSigningKeys(
    plan: (keys: readonly SigningKey[]) => SigningKeyChange,
    audit: (change: SigningKeyChange) => readonly AuditEntry[],
  ): Promise<readonly SigningKey[]>

  /** Replaces everything that is sealed by what `change` makes of it: all of it or nothing. */
  reseal(change: (sealed: Sealed) => Sealed, audit: AuditEntry): Promise<void>

  /** What is kept under `name`, `undefined` for nothing. */
  findSetting(name: string): Promise<string | undefined>

  /** Keeps `value` under `name` unless something is kept there already. @returns what is kept now. */
  settle(name: string, value: string): Promise<string>

  /** What its operator should know of it, a line each: how it could lose what it has acknowledged. */
  readWarnings(): Promise<readonly string[]>

  /** Resolves when the store answers. */
  ping(): Promise<void>

  close(): Promise<void>
}

/** What of a store changes something, and what a change looks at. */
export type ChangingStore = Pick<
  Store,
  | 'findApiKey'
  | 'insertApiKey'
  | 'changeApiKey'
  | 'listSecretUses'
  | 'revokeToken'
  | 'insertVerifier'
  | 'changeVerifier'
  | 'changeAdminToken'
  | 'changeSigningKeys'
>
