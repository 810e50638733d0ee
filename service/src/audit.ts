/** What can happen to a key, a token, or what guards them. */
export const AUDIT_ACTIONS = [
  'key.create',
  'key.rotate',
  'key.end_overlap',
  'key.change',
  'key.disable',
  'key.enable',
  'key.revoke',
  'client_token.revoke',
  'token.revoke',
  'signing_key.create',
  'signing_key.activate',
  'signing_key.retire',
  'signing_key.lose',
  'master_key.rewrap',
  'verifier.create',
  'verifier.rotate',
  'verifier.revoke',
  'admin_token.create',
  'admin_token.revoke',
  'store.import',
  'store.restore',
  'audit.prune',
] as const

/** One of {@link AUDIT_ACTIONS}. */
export type AuditAction = (typeof AUDIT_ACTIONS)[number]

/** What an entry says of a thing: never a secret, nor a hash of one. */
export type AuditFields = Readonly<Record<string, string | number | boolean | null>>

/** Who did what to which key or token, and when. Never holds a secret or its hash. Issuing a token is not audited. */
export interface AuditEntry {
  /** Epoch seconds. */
  readonly at: number
  /** `command:<user of the operating system>`, `key:<key id>`, or `start` for what the start of the service settles. */
  readonly actor: string
  /** From where: `command`, `start`, or a client's address. */
  readonly origin: string
  readonly action: AuditAction
  /** A key id, a token id or a `kid`. */
  readonly subject: string
  /** What else a reader of the log wants to know. */
  readonly detail: AuditFields
  /** What was changed, as it was; `null` where it was not there before. */
  readonly before: AuditFields | null
  /** What was changed, as it is; `null` where it is gone. */
  readonly after: AuditFields | null
}
