/**
 * Where an event stands in the feed. The epoch is a random word of the store, renewed when the store is restored or
 * imported; revisions count up within it.
 */
export interface FeedPosition {
  /** 1 to 64 letters, digits, `-` and `_`. */
  readonly epoch: string
  /** A whole number from 0 on. */
  readonly revision: number
}

/**
 * One change that ends credentials early (our contract, section 6): tokens of the key below the generation and whatever
 * is cached of the key itself; the token with this `jti`, remembered until its expiry (epoch seconds); every token
 * signed with this `kid`.
 */
export type RevocationChange =
  | { readonly kind: 'key'; readonly keyId: string; readonly generation: number }
  | { readonly kind: 'token'; readonly tokenId: string; readonly expiresAt: number }
  | { readonly kind: 'signing-key'; readonly kid: string }

/** Everything that is in force has been sent; acknowledgements of this connection name its lease. */
export interface FeedReady {
  readonly kind: 'ready'
  readonly lease: string
}

/** Nothing is missing up to `seenAtMs`, when the node last saw the database: epoch milliseconds of the node's clock, as `sentAtMs`. */
export interface FeedHeartbeat {
  readonly kind: 'heartbeat'
  readonly seenAtMs: number
  readonly sentAtMs: number
}

/** Whatever the feed says. */
export type RevocationEvent = RevocationChange | FeedReady | FeedHeartbeat

/** What became of an event's text. A kind that this version does not know is no error: later ones may say more. */
export type ParsedRevocationEvent =
  | { readonly event: RevocationEvent }
  | { readonly problem: 'unknown_kind' | 'malformed' }

/** The longest `jti`, `kid`, key id or lease in the feed, in characters. */
export const MAX_FEED_NAME_LENGTH = 256

const positionPattern = /^([\w-]{1,64})\.(0|[1-9]\d{0,15})$/

/** Writes a position as the id of an event and as `Last-Event-ID`. */
export function formatFeedPosition({ epoch, revision }: FeedPosition): string {
  return `${epoch}.${revision}`
}

/** Reads the id of an event; what is none gives `undefined`. */
export function parseFeedPosition(text: unknown): FeedPosition | undefined {
  const match = typeof text === 'string' ? positionPattern.exec(text) : null
  const revision = Number(match?.[2])
  if (match?.[1] === undefined || !Number.isSafeInteger(revision)) return undefined
  return { epoch: match[1], revision }
}

/**
 * Writes one event as it goes over the wire, blank line included. Changes and `ready` have a position; a heartbeat has
 * none, so that it does not move `Last-Event-ID`.
 *
 * @see WHATWG HTML, server-sent events; our contract, section 6
 */
export function formatRevocationEvent(event: FeedHeartbeat): string
export function formatRevocationEvent(event: RevocationChange | FeedReady, position: FeedPosition): string
export function formatRevocationEvent(event: RevocationEvent, position?: FeedPosition): string {
  const id = position === undefined ? '' : `id: ${formatFeedPosition(position)}\n`
  return `${id}event: ${event.kind}\ndata: ${JSON.stringify(formatData(event))}\n\n`
}

function formatData(event: RevocationEvent): Record<string, string | number> {
  switch (event.kind) {
    case 'key':
      return { key_id: event.keyId, generation: event.generation }
    case 'token':
      return { jti: event.tokenId, expires_at: event.expiresAt }
    case 'signing-key':
      return { kid: event.kid }
    case 'ready':
      return { lease: event.lease }
    case 'heartbeat':
      return { seen_at: event.seenAtMs, sent_at: event.sentAtMs }
  }
}

/** Reads one event of the feed: the value of its `event` field and its `data`. Throws nothing. */
export function parseRevocationEvent(kind: string, data: string): ParsedRevocationEvent {
  if (!Object.hasOwn(PARSERS, kind)) return { problem: 'unknown_kind' }
  const event = PARSERS[kind as RevocationEvent['kind']](parseObject(data))
  return event === undefined ? { problem: 'malformed' } : { event }
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    return (JSON.parse(text) ?? {}) as Readonly<Record<string, unknown>>
  } catch {
    return {}
  }
}

type Parse = (record: Readonly<Record<string, unknown>>) => RevocationEvent | undefined

const PARSERS: Readonly<Record<RevocationEvent['kind'], Parse>> = {
  key: ({ key_id: keyId, generation }) =>
    isName(keyId) && isCount(generation) ? { kind: 'key', keyId, generation } : undefined,
  token: ({ jti: tokenId, expires_at: expiresAt }) =>
    isName(tokenId) && isCount(expiresAt) ? { kind: 'token', tokenId, expiresAt } : undefined,
  'signing-key': ({ kid }) => (isName(kid) ? { kind: 'signing-key', kid } : undefined),
  ready: ({ lease }) => (isName(lease) ? { kind: 'ready', lease } : undefined),
  heartbeat: ({ seen_at: seenAtMs, sent_at: sentAtMs }) =>
    isCount(seenAtMs) && isCount(sentAtMs) ? { kind: 'heartbeat', seenAtMs, sentAtMs } : undefined,
}

/** The body of `POST /v1/revocations/ack`, as it stands on the wire (our contract, section 6). */
export interface RevocationAckRequest {
  readonly lease: string
  readonly id: string
}

/** Writes the acknowledgement of everything up to a position. */
export function formatRevocationAck(lease: string, position: FeedPosition): RevocationAckRequest {
  return { lease, id: formatFeedPosition(position) }
}

/** Reads an acknowledgement; what is none gives `undefined`. */
export function parseRevocationAck(
  body: unknown,
): { readonly lease: string; readonly position: FeedPosition } | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const { lease, id } = body as Partial<RevocationAckRequest>
  const position = parseFeedPosition(id)
  return isName(lease) && position !== undefined ? { lease, position } : undefined
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_FEED_NAME_LENGTH
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
