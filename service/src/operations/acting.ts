import type { AuditAction, AuditEntry, AuditFields } from '../audit.ts'

/** Who changes something, from where and when: the same from a command and from the operator's API. */
export interface Acting {
  /** `command:<user of the operating system>`, `admin:<admin token id>`, or `start`. */
  readonly actor: string
  /** `command`, `start`, or a client's address. */
  readonly origin: string
  /** Epoch seconds. */
  readonly now: number
}

/** What an audit entry says beside who, when and from where. */
export interface Told {
  readonly detail?: AuditFields
  readonly before?: AuditFields | null
  readonly after?: AuditFields | null
}

/** Writes the audit entry of a change. */
export function toAuditEntry(
  { actor, origin, now }: Acting,
  action: AuditAction,
  subject: string,
  { detail = {}, before = null, after = null }: Told,
): AuditEntry {
  return { at: now, actor, origin, action, subject, detail, before, after }
}

/** What of two states differs, for `before` and `after` of an entry. */
export function tellDifference(before: AuditFields, after: AuditFields): Told {
  const names = Object.keys(after).filter((name) => before[name] !== after[name])
  const pick = (fields: AuditFields) => Object.fromEntries(names.map((name) => [name, fields[name] ?? null]))
  return { before: pick(before), after: pick(after) }
}
