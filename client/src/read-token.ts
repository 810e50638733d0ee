import { B64TOKEN, CORRELATION_ID_HEADER, ERROR_ID, RETRY_AFTER_HEADER } from '@interhuman-auth/protocol'
import { AccessToken } from './access-token.ts'
import { DEFAULT_LIFETIME_SECONDS, LONGEST_ANSWER_BYTES } from './limits.ts'
import { readUpTo } from './read-up-to.ts'
import { RefusalError, type ResponseErrorDetails, UnexpectedResponseError } from './response-error.ts'
import { LONGEST_LIFETIME_SECONDS } from './token-life.ts'
import { classifyFault } from './transport-error.ts'

/** What {@link readToken} reads of an answer; a `Response` is one. */
export interface TokenAnswer {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  /** Read instead of `text` where there is one: of more than 64 KiB nothing is kept. */
  readonly body?: ReadableStream<Uint8Array<ArrayBuffer>> | null | undefined
  text(): Promise<string>
}

/** What {@link readToken} is told. */
export interface ReadTokenOptions {
  /** When the request started, epoch milliseconds; the lifetime counts from there. Now if absent. */
  readonly requestedAtMs?: number | undefined
  /** Epoch milliseconds; the platform's own clock if absent. */
  readonly now?: (() => number) | undefined
}

/**
 * Reads the answer of an exchange, in either dialect of errors.
 *
 * @throws {RefusalError} when the service said no.
 * @throws {UnexpectedResponseError} when the answer is outside the contract.
 * @throws {TransportError} when the body did not arrive.
 * @see Our contract, sections 1 and 2
 */
export async function readToken(
  response: TokenAnswer,
  { now = Date.now, requestedAtMs = now() }: ReadTokenOptions = {},
): Promise<AccessToken> {
  const rawBody = await readText(response)
  const body = parseFields(rawBody)
  const token = response.status === 200 && readGrant(body, rawBody, requestedAtMs)
  if (token) return token
  const errorId = ERROR_ID.exec(body.error_id as string)?.[0]
  const details: ResponseErrorDetails = {
    status: response.status,
    errorId,
    // A UUID on a line of its own (our contract, section 1), so that an answer cannot bring what was sent into a message.
    correlationId: /^[\da-f-]{36}$/im.exec(
      `${body.correlation_id}\n${response.headers.get(CORRELATION_ID_HEADER)}`,
    )?.[0],
    rawBody,
    retryAfterSeconds: readRetryAfter(response, requestedAtMs),
  }
  // The specification's own error body has `detail` and no id.
  throw response.status >= 400 && (errorId || typeof body.detail === 'string')
    ? new RefusalError(details)
    : new UnexpectedResponseError(details)
}

async function readText(response: TokenAnswer): Promise<string> {
  try {
    if (!response.body) return await response.text()
    return await new Blob(await readUpTo(response.body, LONGEST_ANSWER_BYTES)).text()
  } catch (fault) {
    throw classifyFault(fault)
  }
}

/**
 * What is no JSON has no fields, nor has `null`; a number or a list has none that is asked for. A field that holds others
 * is left out: nobody asks for one, and it could say of itself what text it is.
 */
function parseFields(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text, (name, value) => (name && typeof value === 'object' ? undefined : value)) ?? {}
  } catch {
    return {}
  }
}

function readGrant(
  body: Readonly<Record<string, unknown>>,
  raw: string,
  requestedAtMs: number,
): AccessToken | undefined {
  const { access_token: value } = body
  // RFC 6749 section 5.1: the type in any case.
  if (typeof value !== 'string' || !B64TOKEN.test(value) || !/^bearer$/i.test(body.token_type as string))
    return undefined
  // An absent lifetime, or one that is no number, is taken for a short one; an absurd one is cut.
  const seconds = parseFloat(body.expires_in as string)
  const expiresInSeconds =
    seconds >= 0 ? Math.min(seconds, LONGEST_LIFETIME_SECONDS) : seconds < 0 ? 0 : DEFAULT_LIFETIME_SECONDS
  return new AccessToken({
    value,
    raw,
    scopes: `${body.scope ?? ''}`.split(' ').filter(Boolean),
    expiresInSeconds,
    expiresAt: Math.floor(requestedAtMs / 1000 + expiresInSeconds),
  })
}

/** Seconds, or an HTTP date, which counts from the answer's own `Date` (RFC 9110 section 10.2.3). */
function readRetryAfter({ headers }: TokenAnswer, requestedAtMs: number): number | undefined {
  const value = headers.get(RETRY_AFTER_HEADER) ?? ''
  if (/^\d+$/.test(value)) return +value
  if (!/ GMT$/.test(value)) return undefined
  const sentAtMs = Date.parse(headers.get('Date') as string) || requestedAtMs
  return Math.max(0, (Date.parse(value) - sentAtMs) / 1000) || 0
}
