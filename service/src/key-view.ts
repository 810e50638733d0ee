import { type ApiKey, isAlive } from './api-key.ts'
import { formatTime } from './time-format.ts'

/** A key as `--json` and the operator's API show it; times in ISO 8601. Never a secret, nor a hash of one. */
export interface KeyView {
  readonly key_id: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly state: string
  readonly generation: number
  readonly direct: boolean
  readonly created_at: string
  /** When one of its secrets was used last, or `null` for never. */
  readonly last_used_at: string | null
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
    last_used_at: key.lastUsedAt === null ? null : formatTime(key.lastUsedAt),
    expires_at: key.expiresAt === null ? null : formatTime(key.expiresAt),
    previous_secret_expires_at:
      previousEnd !== null && isAlive(previousEnd, now) ? formatTime(previousEnd) : null,
  }
}
