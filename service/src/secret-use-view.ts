import { type ApiKey, isAlive } from './api-key.ts'
import type { SecretUse } from './secret-use.ts'
import { formatTime } from './time-format.ts'

/** A secret of a key, by its number, and who used it: what tells whether a rotation can be ended. */
export interface SecretView {
  readonly number: number
  /** `null` for the newest one. */
  readonly expires_at: string | null
  readonly last_used_at: string | null
  /** The last to use it first. */
  readonly callers: readonly CallerView[]
}

/** Who used a secret. */
export interface CallerView {
  readonly address: string
  readonly user_agent: string
  /** The verifier that asked, whose address and user agent they are; `null` where the holder of the secret sent it. */
  readonly verifier_id: string | null
  readonly uses: number
  readonly last_used_at: string
}

/** Writes the living secrets of a key, the newest first. */
export function toSecretViews(key: ApiKey, uses: readonly SecretUse[], now: number): readonly SecretView[] {
  const { secret, previousSecret } = key
  const living =
    previousSecret !== null && isAlive(previousSecret.expiresAt, now) ? [secret, previousSecret] : [secret]
  return living.map(({ number, expiresAt }) => {
    const callers = uses.filter((use) => use.secretNumber === number).map(toCallerView)
    return {
      number,
      expires_at: expiresAt === null ? null : formatTime(expiresAt),
      last_used_at: callers[0]?.last_used_at ?? null,
      callers,
    }
  })
}

function toCallerView({ address, userAgent, verifierId, uses, lastUsedAt }: SecretUse): CallerView {
  return {
    address,
    user_agent: userAgent,
    verifier_id: verifierId === '' ? null : verifierId,
    uses,
    last_used_at: formatTime(lastUsedAt),
  }
}
