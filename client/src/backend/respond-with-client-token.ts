import {
  type ClientTokenCaps,
  CORRELATION_ID_HEADER,
  DEFAULT_CLIENT_TOKEN_SCOPES,
  ERRORS,
  type ErrorRow,
  JSON_CONTENT_TYPE,
  RETRY_AFTER_HEADER,
} from '@interhuman-auth/protocol'
import { parseApiUrl } from '../api-url.ts'
import { allowSecretInBrowser, refuseInBrowser, type SecretInBrowserOption } from '../browser.ts'
import { check } from '../check.ts'
import { LONGEST_ANSWER_BYTES } from '../limits.ts'
import type { TokenFetch } from '../post-json.ts'
import { readUpTo } from '../read-up-to.ts'
import { classifyFault, TransportError } from '../transport-error.ts'
import { corsHeaders, preflight } from './cors.ts'
import { type OriginReading, readOrigin } from './origin.ts'
import { readScopes } from './read-scopes.ts'
import { refusal } from './refusal.ts'
import { requestClientToken } from './request-client-token.ts'

/** What a signed-in caller may have. */
export interface ClientTokenGrant {
  /** The most that may be asked for; `["interhumanai.stream"]` if absent. */
  readonly scopes?: readonly string[]
  /** 300 if absent; the service keeps it between 60 and 3600. */
  readonly expiresInSeconds?: number
  /** `allowedOrigins` is the origin that asks, if there is one and nothing else is said. */
  readonly caps?: Partial<ClientTokenCaps>
}

/** What {@link respondWithClientToken} is told. */
export interface RespondWithClientTokenOptions extends SecretInBrowserOption {
  readonly keyId: string
  readonly keySecret: string
  /** https, or http to loopback; the published address if absent. */
  readonly apiUrl?: string | undefined
  /**
   * The app's own sign-in check and limits. It says what the caller may have; `undefined`, or anything else that is false,
   * answers 401, and a response of its own (a 429, a 403) is handed on.
   */
  readonly grant: (
    request: Request,
  ) => ClientTokenGrant | Response | undefined | Promise<ClientTokenGrant | Response | undefined>
  /**
   * The origins whose pages may ask, each as a browser writes it. The request's own if absent: name it where TLS ends
   * before this program, or where page and backend have two addresses.
   */
  readonly origins?: readonly string[] | undefined
  /** Also serve what names no origin, such as an app on a phone. */
  readonly allowWithoutOrigin?: boolean | undefined
  /** Told what went wrong behind the caller's back: that the key is refused, or the service away. What it throws is dropped. */
  readonly onFailure?: ((failure: ClientTokenFailure) => void) | undefined
  readonly timeoutMs?: number | undefined
  readonly fetch?: TokenFetch<Response> | undefined
  /** Makes correlation ids for answers that the service did not make; `crypto.randomUUID` if absent. */
  readonly newCorrelationId?: (() => string) | undefined
}

/** What {@link RespondWithClientTokenOptions.onFailure} is told. */
export interface ClientTokenFailure {
  /** Of the service's answer, where there was one. */
  readonly status?: number
  readonly correlationId: string
  /** Where there was no answer. */
  readonly error?: TransportError
}

/** What the service's answers say to whoever asked. Any other is about the backend's key or its words. */
const HANDED_ON = [200, ERRORS.rateLimited.status, ERRORS.unavailable.status]

/**
 * Answers a browser's request for a client token: the backend half of `fromBackend`. The page gets the service's bytes and
 * never the key. Only a POST with a JSON body from an origin that is allowed gets through, so that another site cannot use
 * a visitor's cookie: its page can neither send such a request nor read the answer.
 *
 * @throws {TypeError} when the key, an address, an origin, or what `grant` gives is not what its type says, and in a page of a
 *   browser, whose visitors read what it holds, unless `allowSecretInBrowser` is given.
 * @throws what `grant` throws.
 * @see Our contract, section 5
 */
export async function respondWithClientToken(
  request: Request,
  options: RespondWithClientTokenOptions,
): Promise<Response> {
  const { newCorrelationId = () => crypto.randomUUID() } = options
  checkOptions(options)
  const reading = readOrigin(request, options.origins)
  const answer = (row: ErrorRow, headers: Record<string, string> = {}, correlationId = newCorrelationId()) =>
    refusal(row, { correlationId, headers: { ...corsHeaders(reading), ...headers }, apiUrl: options.apiUrl })

  if (reading.kind === 'foreign') return answer(ERRORS.originRefused)
  if (request.method === 'OPTIONS' && reading.kind === 'told') return preflight(request, reading)
  if (request.method !== 'POST') return answer(ERRORS.methodNotAllowed, { Allow: 'POST' })
  if (reading.kind === 'none' && options.allowWithoutOrigin !== true) return answer(ERRORS.originRefused)
  const asked = await readScopes(request)
  if ('row' in asked) return answer(asked.row)
  const grant = await options.grant(request)
  // Whatever a check gives that is no grant, such as `false`, opens nothing.
  if (!grant) return answer(ERRORS.credentialAbsent)
  check('grant', typeof grant === 'object')
  if (isResponse(grant)) return withCors(grant, reading)
  check('grant', isGrant(grant))
  const allowed = grant.scopes ?? DEFAULT_CLIENT_TOKEN_SCOPES
  const scopes = asked.scopes ?? allowed
  if (!scopes.every((scope) => allowed.includes(scope))) return answer(ERRORS.insufficientScope)
  return exchange({ options, grant, scopes, reading, answer })
}

interface Exchange {
  readonly options: RespondWithClientTokenOptions
  readonly grant: ClientTokenGrant
  readonly scopes: readonly string[]
  readonly reading: OriginReading
  readonly answer: (row: ErrorRow, headers: Record<string, string>, correlationId?: string) => Response
}

async function exchange({ options, grant, scopes, reading, answer }: Exchange): Promise<Response> {
  const { keyId, keySecret, apiUrl, timeoutMs, fetch, onFailure } = options
  const tell = (failure: ClientTokenFailure) => {
    try {
      onFailure?.(failure)
    } catch {}
  }
  const { origin } = reading
  const { allowedOrigins = origin === undefined ? undefined : [origin], ...otherCaps } = grant.caps ?? {}
  const caps = { ...otherCaps, ...(allowedOrigins !== undefined && { allowedOrigins }) }
  const { expiresInSeconds } = grant
  try {
    const response = await requestClientToken({
      ...{ keyId, keySecret, apiUrl, timeoutMs, fetch, scopes, caps },
      ...(expiresInSeconds !== undefined && { expiresInSeconds }),
      [allowSecretInBrowser]: options[allowSecretInBrowser],
    })
    const { status, headers } = response
    const correlationId = headers.get(CORRELATION_ID_HEADER) ?? undefined
    if (status !== 200) tell({ status, correlationId: correlationId ?? '' })
    const body = response.body && (await readUpTo(response.body, LONGEST_ANSWER_BYTES))
    if (!body || !HANDED_ON.includes(status)) return answer(ERRORS.internal, {}, correlationId)
    const retryAfter = headers.get(RETRY_AFTER_HEADER)
    return new Response(new Blob(body), {
      status,
      headers: {
        ...corsHeaders(reading),
        'Content-Type': JSON_CONTENT_TYPE,
        'Cache-Control': 'no-store',
        ...(correlationId !== undefined && { [CORRELATION_ID_HEADER]: correlationId }),
        ...(retryAfter !== null && { [RETRY_AFTER_HEADER]: retryAfter }),
      },
    })
  } catch (error) {
    const failure = error instanceof TransportError ? error : classifyFault(error)
    const response = answer(ERRORS.unavailable, { [RETRY_AFTER_HEADER]: '1' })
    tell({ error: failure, correlationId: response.headers.get(CORRELATION_ID_HEADER) ?? '' })
    return response
  }
}

/** By its parts, so that those of another realm or a package count as well. */
function isResponse(value: ClientTokenGrant | Response): value is Response {
  return 'status' in value && typeof value.status === 'number'
}

const GRANT_KEYS = ['scopes', 'expiresInSeconds', 'caps']

/** A plain object of the keys that a grant has: a name that is not read would be a limit that is not held. */
function isGrant(value: ClientTokenGrant): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null
  return isPlain && Object.keys(value).every((key) => GRANT_KEYS.includes(key))
}

function withCors(response: Response, reading: OriginReading): Response {
  if (reading.kind !== 'told') return response
  const { body, status, headers } = response
  const own = new Response(body, { status, headers })
  for (const [name, value] of Object.entries(corsHeaders(reading))) own.headers.set(name, value)
  return own
}

function checkOptions(options: RespondWithClientTokenOptions): void {
  refuseInBrowser(options)
  const { keyId, keySecret, apiUrl, origins = [] } = options
  check('keyId', typeof keyId === 'string' && keyId !== '')
  check('keySecret', typeof keySecret === 'string' && keySecret !== '')
  if (apiUrl !== undefined) parseApiUrl(apiUrl)
  // A `null` or a `*` in the list would open the door to everybody.
  check(
    'origins',
    origins.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin),
  )
}
