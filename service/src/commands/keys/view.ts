import type { ApiKey } from '../../api-key.ts'
import { isAlive } from '../../api-key.ts'
import type { AuditEntry } from '../../audit.ts'

/** A key as `--json` shows it; times in ISO 8601. Never a secret, nor a hash of one. */
export interface KeyView {
  readonly key_id: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly state: string
  readonly generation: number
  readonly direct: boolean
  readonly created_at: string
  readonly expires_at: string | null
  /** Until when the secret before the last rotation lives on, or `null`. */
  readonly previous_secret_expires_at: string | null
}

/** Writes a key for people and programs; an active key past its expiry shows as `expired`. */
export function toKeyView(key: ApiKey, now: number): KeyView {
  const previousEnd = key.previousSecret?.expiresAt ?? null
  return {
    key_id: key.keyId,
    name: key.name,
    scopes: key.scopes,
    state: key.state === 'active' && !isAlive(key.expiresAt, now) ? 'expired' : key.state,
    generation: key.generation,
    direct: key.direct,
    created_at: formatTime(key.createdAt),
    expires_at: key.expiresAt === null ? null : formatTime(key.expiresAt),
    previous_secret_expires_at:
      previousEnd !== null && isAlive(previousEnd, now) ? formatTime(previousEnd) : null,
  }
}

/** An audit entry as `--json` shows it. */
export interface AuditView extends Omit<AuditEntry, 'at' | 'subject'> {
  readonly at: string
}

/** Writes an audit entry for people and programs. */
export function toAuditView(entry: AuditEntry): AuditView {
  const { at, subject: _, ...rest } = entry
  return { at: formatTime(at), ...rest }
}

/** Writes fields one a line, names in a column. */
export function formatFields(fields: Readonly<Record<string, unknown>>): string {
  const width = Math.max(...Object.keys(fields).map((name) => name.length))
  return Object.entries(fields)
    .map(([name, value]) => `${name.padEnd(width)}  ${formatValue(value)}\n`)
    .join('')
}

/** Writes keys as a table, one a line. */
export function formatTable(views: readonly KeyView[]): string {
  const rows = [
    ['KEY ID', 'STATE', 'CREATED', 'SCOPES', 'NAME'],
    ...views.map((view) => [view.key_id, view.state, view.created_at, view.scopes.join(' '), view.name]),
  ]
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('')
}

function formatValue(value: unknown): string {
  if (value === null) return '-'
  return Array.isArray(value) ? value.join(' ') : String(value)
}

function formatTime(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString().replace('.000Z', 'Z')
}
