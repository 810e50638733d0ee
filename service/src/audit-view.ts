import type { AuditEntry } from './audit.ts'
import { formatTime } from './time-format.ts'

/** An audit entry as `--json` and the operator's API show it. */
export interface AuditView extends Omit<AuditEntry, 'at' | 'subject'> {
  readonly at: string
}

/** Writes an audit entry for people and programs. */
export function toAuditView(entry: AuditEntry): AuditView {
  const { at, subject: _, ...rest } = entry
  return { at: formatTime(at), ...rest }
}
