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
import { selectSubprotocol } from './select-subprotocol.ts'
import { createVerifier, type VerifierOptions } from './verify.ts'

/** What is read of a request; a WHATWG `Request` is one. Neither the body nor the query is ever looked at. */
export interface ProtectedRequest {
  readonly method: string
  /** Absolute, or from the path on. */
  readonly url: string
  /** Gives all values of a repeated header, joined by commas. */
  readonly headers: { get(name: string): string | null }
}

/** A granted request. */
export interface Granted {
  readonly granted: true
  readonly claims: AccessTokenClaims
  /** With a client token: what it may be used for at most. Whoever serves the request counts (our contract, section 5). */
  readonly caps?: ClientTokenCaps
  /** For a WebSocket handshake that offered one: the subprotocol that the answer selects. Not enumerable. */
  readonly subprotocol?: string
}

/** What tokens are held to, and how a denial is told. */
export interface GuardOptions extends VerifierOptions {
  /** The address of the page that error bodies link to; the issuer's own unless told. */
  readonly errorPage?: string
  /** Whether a handshake may send its token as the only subprotocol (our contract, section 4); true unless told. */
  readonly acceptLoneSubprotocol?: boolean
  /** Makes the correlation id of a denial: a UUID. */
  readonly newCorrelationId?: () => string
}

/**
 * Decides on one request before its body is read.
 *
 * @throws {TypeError} when the scope is none of the contract's.
 */
export type Protect = (request: ProtectedRequest, scope: Scope) => Promise<Granted | Denied>

/**
 * Makes the whole policy before a protected resource: request and scope needed → granted or denied. A credential comes
 * in the `Authorization` header or, with a WebSocket handshake, in the subprotocol; never in the query. Two of them that
 * differ are refused, and so are two `Authorization` headers: 401 `invalid_token`, as our contract has no 400 here. A
 * client token that names origins is good only for a request from one of them.
 *
 * @see RFC 6750; our contract, sections 4 and 5
 * @throws {TypeError} when an option is out of its bounds.
 */
export function createGuard(options: GuardOptions): Protect {
  const { errorPage = `${options.issuer}${ERROR_PAGE_PATH}`, acceptLoneSubprotocol = true } = options
  const { newCorrelationId = randomUUID } = options
  const verify = createVerifier(options)

  return async function protect(request, scope) {
    if (!isScope(scope)) throw new TypeError('the scope needed is not a known scope')
    const handshake = isWebSocketHandshake(request)
    const credential = readCredential(request, handshake, acceptLoneSubprotocol)
    const subprotocol = 'token' in credential ? credential.subprotocol : undefined

    function deny(denial: Pick<DenialContext, 'error' | 'reason' | 'detail'>): Denied {
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
    const verification = await verify(credential.token, request.headers.get(ORIGIN_HEADER))
    if ('refusal' in verification) return deny(verification.refusal)
    const { claims } = verification
    if (!parseScope(claims.scope).includes(scope))
      return deny({ error: 'insufficientScope', reason: 'scope' })
    return selectSubprotocol<Granted>({ granted: true, ...verification }, subprotocol)
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
