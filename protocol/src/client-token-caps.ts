/** What a client token may be used for at most. What is absent is not limited. */
export interface ClientTokenCaps {
  /** Wall clock of one session. */
  readonly maxDurationSeconds?: number
  /** Bytes that one session may send. */
  readonly maxBytes?: number
  /** Sessions at once on the token. */
  readonly maxConcurrent: number
  /** Video that the token may have analysed, upload and stream together. */
  readonly maxVideoSeconds?: number
  /** Serialised origins (RFC 6454 section 6.2), each compared letter for letter. */
  readonly allowedOrigins?: readonly string[]
}

/** The caps as they stand in a request, in a response and in the token, in this order (our contract, section 5). */
export interface ClientTokenCapsWire {
  readonly max_duration_seconds?: number
  readonly max_bytes?: number
  readonly max_concurrent?: number
  readonly max_video_seconds?: number
  readonly allowed_origins?: readonly string[]
}

/** How many origins a client token may name: with more, or longer ones, a header could not carry it. */
export const MAX_ALLOWED_ORIGINS = 10
/** How long each may be, in characters. */
export const MAX_ORIGIN_LENGTH = 200

/** How many sessions at once a client token allows unless told. */
export const DEFAULT_MAX_CONCURRENT = 1

/** Writes the caps that are in force; what is not limited is left out. */
export function formatClientTokenCaps(caps: Partial<ClientTokenCaps>): ClientTokenCapsWire {
  const { maxDurationSeconds, maxBytes, maxConcurrent, maxVideoSeconds, allowedOrigins } = caps
  return {
    ...(maxDurationSeconds !== undefined && { max_duration_seconds: maxDurationSeconds }),
    ...(maxBytes !== undefined && { max_bytes: maxBytes }),
    ...(maxConcurrent !== undefined && { max_concurrent: maxConcurrent }),
    ...(maxVideoSeconds !== undefined && { max_video_seconds: maxVideoSeconds }),
    ...(allowedOrigins !== undefined && { allowed_origins: allowedOrigins }),
  }
}

/** Reads caps that were checked before. */
export function toClientTokenCaps(wire: ClientTokenCapsWire): ClientTokenCaps {
  const { max_duration_seconds, max_bytes, max_concurrent, max_video_seconds, allowed_origins } = wire
  return {
    ...(max_duration_seconds !== undefined && { maxDurationSeconds: max_duration_seconds }),
    ...(max_bytes !== undefined && { maxBytes: max_bytes }),
    maxConcurrent: max_concurrent ?? DEFAULT_MAX_CONCURRENT,
    ...(max_video_seconds !== undefined && { maxVideoSeconds: max_video_seconds }),
    ...(allowed_origins !== undefined && { allowedOrigins: allowed_origins }),
  }
}

/**
 * Reads the caps out of a token's payload: each a positive whole number, the origins a list that is not empty.
 *
 * @returns `undefined` where one is of another kind: a cap that cannot be read must not be taken for none.
 */
export function parseClientTokenCaps(payload: object): ClientTokenCaps | undefined {
  const wire = payload as Readonly<Record<keyof ClientTokenCapsWire, unknown>>
  const { max_duration_seconds, max_bytes, max_concurrent, max_video_seconds, allowed_origins } = wire
  if (!isCap(max_concurrent)) return undefined
  if (![max_duration_seconds, max_bytes, max_video_seconds].every(isCapOrAbsent)) return undefined
  if (allowed_origins !== undefined && !isOriginList(allowed_origins)) return undefined
  return toClientTokenCaps(wire as ClientTokenCapsWire)
}

/**
 * Says whether a request from this `Origin` may use a token of these caps. `null`, the origin of sandboxed frames and
 * local files, matches nothing, nor does a request that names none.
 *
 * @see Our contract, section 5
 */
export function isAllowedOrigin(caps: ClientTokenCaps, origin: string | null): boolean {
  if (caps.allowedOrigins === undefined) return true
  return origin !== null && origin !== 'null' && caps.allowedOrigins.includes(origin)
}

function isCap(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0
}

function isCapOrAbsent(value: unknown): boolean {
  return value === undefined || isCap(value)
}

function isOriginList(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((origin) => typeof origin === 'string' && origin !== '')
  )
}
