import { RETIRED_KEY_SECONDS } from './signing-keys.ts'

/** What nodes and checkers of tokens have to hear of. */
export const CHANGE_KINDS = [
  'key',
  'token',
  'signing-key',
  'signing-keys',
  'verifier',
  'admin-token',
] as const

/**
 * One of {@link CHANGE_KINDS}: a `key` was changed, a `token` revoked, a `signing-key` is lost and dead at once, the set of
 * `signing-keys` is another one, a `verifier` or an `admin-token` was rotated or revoked.
 */
export type ChangeKind = (typeof CHANGE_KINDS)[number]

/** A change, as it is kept while it is in force. */
export interface Change {
  /** Its place in the one order of all changes, which is the order of their commits. */
  readonly revision: number
  readonly kind: ChangeKind
  /** A key id, a `jti`, a `kid`, the id of a verifier or of an admin token; empty for the set of signing keys. */
  readonly subject: string
  /** Of a key: its generation from now on. */
  readonly generation: number | null
  /** Epoch seconds. */
  readonly at: number
  /** From when on nothing that it ends can be alive, in epoch seconds. */
  readonly expiresAt: number
  /** When it was written, in epoch milliseconds by the clock of the database, which gives it. */
  readonly writtenAtMs?: number
}

/** A change that is about to be written: its revision is given by the store. */
export type NewChange = Omit<Change, 'revision'>

/** For how long a change of a key is told, in seconds: nothing that it ended lives longer (our contract, section 3). */
export const CHANGE_SECONDS = RETIRED_KEY_SECONDS

/** Who has not read the changes for so long, in milliseconds of the database's time, may have missed one that is over. */
export const MAX_GAP_MS = (CHANGE_SECONDS * 1000) / 2

/**
 * How much longer than it is in force a change is kept, in seconds: a clock that is set ahead by an hour and right again
 * revives nothing.
 */
export const KEPT_SECONDS = 2 * 3600

/** Who hears of changes: a node of the service, or a checker of tokens that is connected to one. */
export interface Lease {
  /** A random id of this life of it. */
  readonly holder: string
  readonly kind: 'node' | 'verifier'
  /** For people: the host and its process, or the verifier's id. */
  readonly name: string
  /** The last revision that is in force there. */
  readonly revision: number
}

/** How long a lease lives that is not renewed, in milliseconds: as long as a node may serve without its database. */
export const LEASE_MS = 5_000

/** The leases to renew with a reading of the changes. */
export interface LeaseRenewal {
  /** Which store their revisions are of: they say nothing in another one. */
  readonly epoch: string
  readonly leases: readonly Lease[]
}

/** What one reading of the changes gave. */
export interface ChangeReading {
  readonly epoch: string
  readonly revision: number
  /** The time of the database, in epoch milliseconds. */
  readonly databaseTimeMs: number
  /** Those behind the revision that was asked for, in order, as far as they are in force. */
  readonly changes: readonly Change[]
}

/** What calls when somebody wrote a change. */
export interface Hearing {
  close(): Promise<void>
}
