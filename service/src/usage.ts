import type { SecretUse } from './secret-use.ts'

/** How often something came of a key's requests within an hour. */
export interface UsageHour {
  /** Empty where the key is not known: what a stranger sends as an id is not kept. */
  readonly keyId: string
  /** When the hour began, in epoch seconds. */
  readonly hour: number
  /** {@link ISSUED}, {@link REVOKED}, {@link INTROSPECTED}, or the id of an error. */
  readonly outcome: string
  readonly count: number
}

/** Uses of a secret, and whose it is. */
export interface KeySecretUse extends SecretUse {
  readonly keyId: string
}

/** Which part of the usage is read: the newest hour first, then in the order of ids and outcomes. */
export interface UsagePageRequest {
  readonly keyId: string | null
  /** Hours that began then or later, in epoch seconds. */
  readonly from: number | null
  /** Hours that began before, in epoch seconds. */
  readonly to: number | null
  /** The last one of the page before. */
  readonly after: Pick<UsageHour, 'keyId' | 'hour' | 'outcome'> | null
  readonly limit: number
}

/** What is dropped, in epoch seconds. */
export interface UsageBounds {
  /** Hours that began before. */
  readonly hoursBefore: number
  /** Callers of a secret that came last before. */
  readonly callersBefore: number
}

/** What the store does for the usage. */
export interface UsageStore {
  /** Adds counts to what is kept of the same key, hour and outcome, in one statement. */
  addUsageHours(hours: readonly UsageHour[]): Promise<void>
  /**
   * Adds uses to what is kept of the same secret and caller, in one transaction; of a secret, the last {@link MAX_CALLERS}
   * callers stay apart. When a key was used last is kept for ever.
   */
  addSecretUses(uses: readonly KeySecretUse[]): Promise<void>
  dropUsage(bounds: UsageBounds): Promise<void>
  listUsageHours(request: UsagePageRequest): Promise<readonly UsageHour[]>
  /** Who used the secrets of a key, the last use first. */
  listSecretUses(keyId: string): Promise<readonly SecretUse[]>
}

/** What a request was found to come with; filled in while it is answered. */
export interface KeySeen {
  /** The id of a key that there is, or empty. */
  knownKeyId: string
  /** Which of its secrets was right, 0 for none. */
  secretNumber: number
}

/** A request that came to its end. */
export interface CountedRequest extends Readonly<KeySeen> {
  /** The verifier that asked, or empty. */
  readonly verifierId: string
  readonly outcome: string
  readonly address: string
  readonly userAgent: string | undefined
}

/** The outcome of a request that got its token. */
export const ISSUED = 'issued'
/** The outcome of a request to revoke a token, whatever became of the token. */
export const REVOKED = 'revoked'
/** The outcome of a question about a key in direct use that is good. */
export const INTROSPECTED = 'introspected'

/** So many callers of a secret are kept apart; all others share one row, with an empty address. */
export const MAX_CALLERS = 20

/** A user agent is kept up to this length, in characters. */
export const MAX_USER_AGENT_LENGTH = 200
