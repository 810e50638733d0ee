import type { AuditAction, AuditEntry } from '../../audit.ts'
import type { CommandContext } from '../../command-group.ts'
import { isKeyId } from '../../key-format.ts'
import { StartupError } from '../../startup-error.ts'
import type { Store } from '../../store/store.ts'

/** What every `keys` command works on. */
export interface KeysContext extends CommandContext {
  readonly store: Store
}

/** Writes the audit entry of a change made by the command. */
export function audit(
  context: KeysContext,
  action: AuditAction,
  keyId: string,
  detail: AuditEntry['detail'] = {},
): AuditEntry {
  const { runtime } = context
  return {
    at: runtime.now(),
    actor: `command:${runtime.user}`,
    origin: 'command',
    action,
    subject: keyId,
    detail,
    before: null,
    after: null,
  }
}

/** The error for an id that names no key. An argument that is no key id is not repeated: it may be a secret. */
export function noSuchKey(keyId: string): StartupError {
  return new StartupError(
    isKeyId(keyId)
      ? `there is no key ${keyId}`
      : 'that is not a key id; one is ihk_ and 20 letters or digits',
  )
}

/** Writes one JSON document on standard output. */
export function writeJson(value: object, context: KeysContext): void {
  context.runtime.writeOutput(`${JSON.stringify(value)}\n`)
}
