/** What can happen to a key or a token. */
export const AUDIT_ACTIONS = [
  'key.create',
  'key.rotate',
  'key.disable',
  'key.enable',
  'key.revoke',
  'client_token.revoke',
  'signing_key.create',
  'signing_key.retire',
] as const

/** One of {@link AUDIT_ACTIONS}. */
export type AuditAction = (typeof AUDIT_ACTIONS)[number]

/** Who did what to which key or token, and when. Never holds a secret or its hash. Issuing a token is not audited. */
export interface AuditEntry {
  /** Epoch seconds. */
  readonly at: number
  /** `command:<user of the operating system>`, `key:<key id>`, or `start` for what the start of the service settles. */
  readonly actor: string
  readonly action: AuditAction
  /** A key id, a token id or a `kid`. */
  readonly subject: string
  /** What else a reader of the log wants to know. */
  readonly detail: Readonly<Record<string, string | number | boolean | null>>
}
