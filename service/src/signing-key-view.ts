import type { SigningKey } from './signing-key.ts'
import { PUBLISHED_BEFORE_SIGNING_SECONDS, verifies, verifiesUntil } from './signing-keys.ts'
import { formatTime } from './time-format.ts'

/** A signing key as commands and the operator's API show it; times in ISO 8601. Never its private part. */
export interface SigningKeyView {
  readonly kid: string
  readonly algorithm: string
  /** `next`, `active`, `retired` or `lost`. */
  readonly state: string
  readonly created_at: string
  readonly activated_at: string | null
  readonly retired_at: string | null
  readonly lost_at: string | null
  /** Whether tokens of it are taken. */
  readonly verifies: boolean
  /** Of a retired key: until when tokens of it are taken. */
  readonly verifies_until: string | null
  /** Of the next key: from when on it is known to every guard. */
  readonly may_sign_at: string | null
}

/** Writes a signing key for people and programs. */
export function toSigningKeyView(key: SigningKey, now: number): SigningKeyView {
  return {
    kid: key.kid,
    algorithm: key.algorithm,
    state: key.lostAt === null ? key.state : 'lost',
    created_at: formatTime(key.createdAt),
    activated_at: formatMoment(key.activatedAt),
    retired_at: formatMoment(key.retiredAt),
    lost_at: formatMoment(key.lostAt),
    verifies: verifies(key, now),
    verifies_until: formatMoment(key.state === 'retired' && key.lostAt === null ? verifiesUntil(key) : null),
    may_sign_at: formatMoment(key.state === 'next' ? key.createdAt + PUBLISHED_BEFORE_SIGNING_SECONDS : null),
  }
}

function formatMoment(epochSeconds: number | null): string | null {
  return epochSeconds === null ? null : formatTime(epochSeconds)
}
