import { randomUUID } from 'node:crypto'
import {
  type AccessTokenClaims,
  AUTHORIZATION_HEADER,
  BEARER_SUBPROTOCOL,
  type ClientTokenCaps,
  ERROR_PAGE_PATH,
  isScope,
  ORIGIN_HEADER,
  parseScope,
  readBearer,
  readSubprotocolBearer,
  type Scope,
  SUBPROTOCOL_HEADER,
} from '@interhuman-auth/protocol'
import { type DenialContext, type DenialReason, type Denied, formatDenial } from './denial.ts'
import {
  DIRECT_KEY_HEADERS,
  type DirectKeyClaims,
  type DirectKeyUse,
  type DirectUse,
  isDirectKey,
  judgeDirectKey,
} from './direct-key.ts'
import type { Introspection } from './introspection.ts'
import { selectSubprotocol } from './select-subprotocol.ts'
import { createVerifier, type IntrospectingVerifierOptions, type VerifierOptions } from './verify.ts'

/** What is read of a request; a WHATWG `Request` is one. Neither the body nor the query is ever looked at. */
export interface ProtectedRequest {
  readonly method: string
  /** Absolute, or from the path on. */
  readonly url: string
  /** Gives all values of a repeated header, joined by commas. */
  readonly headers: { get(name: string): string | null }
}

/** A granted request. */
export interface Granted<Claims = AccessTokenClaims> {
  readonly granted: true
  readonly claims: Claims
  /** With a client token: what it may be used for at most. Whoever serves the request counts (our contract, section 5). */
  readonly caps?: ClientTokenCaps
  /** For a WebSocket handshake that offered one: the subprotocol that the answer selects. Not enumerable. */
  readonly subprotocol?: string
  /** With an API key in direct use: the headers to remove before anything of the request is passed on, in lower case. */
  readonly strip?: readonly string[]
}

/** How a denial is told, and which dialect is spoken. */
export interface DenialOptions {
  /** The address of the page that error bodies link to; the issuer's own unless told. */
  readonly errorPage?: string
  /** Whether a handshake may send its token as the only subprotocol (our contract, section 4); true unless told. */
  readonly acceptLoneSubprotocol?: boolean
  /** Makes the correlation id of a denial: a UUID. */
  readonly newCorrelationId?: () => string
}

/** What tokens are held to, and how a denial is told. */
export type GuardOptions = (VerifierOptions | IntrospectingVerifierOptions) &
  DenialOptions & { readonly acceptDirectKeys?: false }

/** The same, where API keys themselves are taken as well (our contract, section 4). */
export type DirectKeyGuardOptions = (VerifierOptions | IntrospectingVerifierOptions) &
  DenialOptions & {
    readonly acceptDirectKeys: true
    /** Who is asked about a key: `introspection(…)`. With `keys` it is asked about keys only. */
    readonly introspection: Introspection
    /** Hears of each use of a good key, whatever its scope, so that it can be counted. What it throws is not caught. */
    readonly onDirectUse?: (use: DirectUse) => void
  }

/**
 * Decides on one request before its body is read.
 *
 * @throws {TypeError} when the scope is none of the contract's.
 */
export type Protect<Claims = AccessTokenClaims> = (
  request: ProtectedRequest,
  scope: Scope,
) => Promise<Granted<Claims> | Denied>

/**
 * Makes the whole policy before a protected resource: request and scope needed → granted or denied. A credential comes
 * in the `Authorization` header or, with a WebSocket handshake, in the subprotocol; never in the query. Two of them that
 * differ are refused, and so are two `Authorization` headers: 401 `invalid_token`, as our contract has no 400 here. A
 * client token that names origins is good only for a request from one of them. An API key itself is refused unless
 * `acceptDirectKeys` is `true`, and then taken from the header alone, without an `Origin`.
 *
 * @see RFC 6750; our contract, sections 4 and 5
 * @throws {TypeError} when an option is out of its bounds.
 */
export function createGuard(options: GuardOptions): Protect
export function createGuard(options: DirectKeyGuardOptions): Protect<AccessTokenClaims | DirectKeyClaims>
export function createGuard(
  options: GuardOptions | DirectKeyGuardOptions,
): Protect<AccessTokenClaims | DirectKeyClaims> {
  const { errorPage = `${options.issuer}${ERROR_PAGE_PATH}`, acceptLoneSubprotocol = true } = options
  const { newCorrelationId = randomUUID } = options
  const verify = createVerifier(options)
  const judgeKey = directKeyJudge(options)

  return async function protect(request, scope) {
    if (!isScope(scope)) throw new TypeError('the scope needed is not a known scope')
    const handshake = isWebSocketHandshake(request)
    const credential = readCredential(request, handshake, acceptLoneSubprotocol)
    const subprotocol = 'token' in credential ? credential.subprotocol : undefined

    function deny(denial: Judgement): Denied {
      return formatDenial({
        ...denial,
        scope,
        path: readPath(request.url),
        correlationId: newCorrelationId(),
        errorPage,
        handshake: handshake ? { subprotocol } : undefined,
      })
    }

    if ('reason' in credential)
      return deny({
        error: credential.reason === 'credential_absent' ? 'credentialAbsent' : 'invalidCredentials',
        reason: credential.reason,
      })
    const { token } = credential
    const origin = request.headers.get(ORIGIN_HEADER)
    const judged = isDirectKey(token)
      ? await judgeKey({ secret: token, inSubprotocol: subprotocol !== undefined, origin })
      : await verify(token, origin)
    if ('refusal' in judged) return deny(judged.refusal)
    if ('error' in judged) return deny(judged)
    if (!parseScope(judged.claims.scope).includes(scope))
      return deny({ error: 'insufficientScope', reason: 'scope' })
    return selectSubprotocol<Granted<AccessTokenClaims | DirectKeyClaims>>(
      { granted: true, ...judged },
      subprotocol,
    )
  }
}

type Judgement = Pick<DenialContext, 'error' | 'reason' | 'detail'>

type JudgeKey = (use: DirectKeyUse) => Promise<Judgement | Pick<Granted<DirectKeyClaims>, 'claims' | 'strip'>>

function directKeyJudge(options: GuardOptions | DirectKeyGuardOptions): JudgeKey {
  if (options.acceptDirectKeys !== true)
    return async () => ({ error: 'invalidCredentials', reason: 'direct_key_not_accepted' })
  const { issuer, audience = issuer, introspection, revocations, now = Date.now, onDirectUse } = options
  if (introspection === undefined) throw new TypeError('acceptDirectKeys needs introspection')
  return async function judgeKey(use) {
    const judged = await judgeDirectKey(use, { issuer, audience, introspection, revocations, now })
    if ('error' in judged) return judged
    onDirectUse?.({ keyId: judged.claims.sub })
    return { ...judged, strip: DIRECT_KEY_HEADERS }
  }
}

type CredentialReading =
  | { readonly token: string; readonly subprotocol?: string }
  | { readonly reason: Extract<DenialReason, `credential${string}`> }

function readCredential(
  request: ProtectedRequest,
  handshake: boolean,
  acceptLoneSubprotocol: boolean,
): CredentialReading {
  const header = readBearer(request.headers.get(AUTHORIZATION_HEADER))
  if (header.kind === 'malformed') return { reason: 'credential_malformed' }
  const offered = readSubprotocolBearer(handshake ? request.headers.get(SUBPROTOCOL_HEADER) : null)
  if (offered.kind === 'absent')
    return header.kind === 'absent' ? { reason: 'credential_absent' } : { token: header.token }
  if (offered.kind === 'malformed') return { reason: 'credential_malformed' }
  if (offered.subprotocol !== BEARER_SUBPROTOCOL && !acceptLoneSubprotocol)
    return { reason: 'credential_malformed' }
  if (header.kind === 'token' && header.token !== offered.token) return { reason: 'credentials_differ' }
  return { token: offered.token, subprotocol: offered.subprotocol }
}

function isWebSocketHandshake(request: ProtectedRequest): boolean {
  const upgrade = request.headers.get('Upgrade') ?? ''
  return request.method === 'GET' && /(?:^|,)\s*websocket\s*(?:,|$)/i.test(upgrade)
}

function readPath(url: string): string {
  return url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '')
}
