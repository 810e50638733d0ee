import type { ApiKey, KeyState } from '../api-key.ts'
import type { AuditEntry } from '../audit.ts'

/** A page of keys in order of creation. */
export interface KeyPage {
  readonly keys: readonly ApiKey[]
  /** Hand it in as `after` for the next page; `null` on the last one. */
  readonly next: string | null
}

/** Where a page begins and how long it is. */
export interface KeyPageRequest {
  /** The key id that ended the page before, or `null` for the first page. */
  readonly after: string | null
  readonly limit: number
  /**
   * With it a page looks at no more than {@link MAX_KEYS_SEARCHED} keys, so that it can be short, or empty, with more to
   * come.
   */
  readonly filter?: KeyFilter
}

/** Which keys are wanted. */
export interface KeyFilter {
  /** What the name holds; A to Z count as a to z. `null` for any. */
  readonly search: string | null
  /** `active` without those that have expired; `null` for any. */
  readonly state: KeyState | 'expired' | null
  /** Epoch seconds. */
  readonly now: number
}

/** How many keys one page of a search looks at. */
export const MAX_KEYS_SEARCHED = 20_000

/** An audit entry, and its place among all of them. */
export interface AuditRow {
  readonly id: number
  readonly entry: AuditEntry
}

/** Which audit entries are wanted. */
export interface AuditPageRequest {
  /** The id that ended the page before, or `null` for the first page. */
  readonly before: number | null
  /** `null` for any. */
  readonly subject: string | null
  readonly limit: number
}

/** Which revoked tokens are wanted. */
export interface RevokedTokenPageRequest {
  /** The token id that ended the page before, or `null` for the first page. */
  readonly after: string | null
  readonly limit: number
  /** Epoch seconds: those that would be dead by now without it are left out. */
  readonly now: number
}

/** A token that is dead before its time. */
export interface RevokedToken {
  readonly tokenId: string
  /** Epoch seconds. */
  readonly expiresAt: number
}
