import { type Scope, STREAM_SCOPE, UPLOAD_SCOPE } from './scopes.ts'

/** The API versions whose exchange exists; they differ in the error body only (our contract, section 2). */
export const API_VERSIONS = ['v0', 'v1'] as const

/** One of {@link API_VERSIONS}. */
export type ApiVersion = (typeof API_VERSIONS)[number]

/** Says whether a value names an API version that has an exchange. */
export function isApiVersion(value: unknown): value is ApiVersion {
  return (API_VERSIONS as readonly unknown[]).includes(value)
}

/** Where an API key is exchanged for a token, by API version (our contract, section 1). */
export const TOKEN_ENDPOINTS: Readonly<Record<ApiVersion, string>> = {
  v0: '/v0/auth',
  v1: '/v1/auth',
}

/** Where a client token is issued, for a browser to hold (our contract, section 5). */
export const CLIENT_TOKENS_PATH = '/v1/client_tokens'
/** Where a client token is revoked (our contract, section 5). */
export const CLIENT_TOKEN_REVOCATION_PATH = '/v1/client_tokens/revoke'

/** Where a verifier asks whether a credential is good (RFC 7662; our contract, section 6). */
export const INTROSPECTION_PATH = '/oauth2/introspect'
/** The event stream of everything that ends credentials early (our contract, section 6). */
export const REVOCATIONS_PATH = '/v1/revocations'
/** Where a verifier says up to which event it has applied that stream (our contract, section 6). */
export const REVOCATION_ACK_PATH = '/v1/revocations/ack'
/** The token endpoint of the standard dialect (RFC 6749 section 3.2; our contract, section 6). */
export const OAUTH_TOKEN_PATH = '/oauth2/token'
/** Where the standard dialect revokes a token (RFC 7009). */
export const OAUTH_REVOCATION_PATH = '/oauth2/revoke'
/** Where a client of the standard dialect finds the other addresses (RFC 8414 section 3). */
export const SERVER_METADATA_PATH = '/.well-known/oauth-authorization-server'

/** The public signing keys (RFC 7517). */
export const KEY_SET_PATH = '/.well-known/jwks.json'
/** Answers while the process lives. */
export const LIVE_PATH = '/health/live'
/** Answers 200 only when tokens can be issued. */
export const READY_PATH = '/health/ready'
/** What Prometheus reads, on an address of its own. */
export const METRICS_PATH = '/metrics'
/** The description of the service's HTTP interface, OpenAPI 3.1. */
export const OPENAPI_PATH = '/openapi.json'
/** The page that the `link` of an error body points at. */
export const ERROR_PAGE_PATH = '/errors'

/** Where the API answers if nobody says otherwise. */
export const DEFAULT_API_URL = 'https://api.interhuman.ai'

/** A path before which a token is checked, and the scope that it needs. */
export interface ProtectedResource {
  /** An exact path, or a prefix when it ends in `/*`. */
  readonly path: string
  readonly scope: Scope
  /** Whether it is reached by a WebSocket handshake. */
  readonly webSocket: boolean
}

/**
 * The protected resources and the scope that each needs.
 *
 * @see Our contract, section 4
 */
export const PROTECTED_RESOURCES: readonly ProtectedResource[] = [
  { path: '/v0/upload/analyze', scope: UPLOAD_SCOPE, webSocket: false },
  { path: '/v1/upload/analyze', scope: UPLOAD_SCOPE, webSocket: false },
  { path: '/v2/upload/analyze', scope: UPLOAD_SCOPE, webSocket: false },
  { path: '/v2/upload/jobs/*', scope: UPLOAD_SCOPE, webSocket: false },
  { path: '/v0/stream/analyze', scope: STREAM_SCOPE, webSocket: true },
  { path: '/v1/stream/analyze', scope: STREAM_SCOPE, webSocket: true },
  { path: '/v2/stream/analyze', scope: STREAM_SCOPE, webSocket: true },
]

/**
 * Finds the protected resource of a request path (no query); `undefined` means: not in the table, deny. Below a prefix
 * there are plain segments only: one that somebody behind could read as another path, such as `..` or `%2e`, is none.
 */
export function findProtectedResource(path: string): ProtectedResource | undefined {
  return findResource(path, PROTECTED_RESOURCES)
}

/** Finds a request path in a table, by the same rule as {@link findProtectedResource}. */
export function findResource<R extends { readonly path: string }>(
  path: string,
  resources: readonly R[],
): R | undefined {
  return resources.find((resource) =>
    resource.path.endsWith('/*') ? isBelow(path, resource.path.slice(0, -1)) : resource.path === path,
  )
}

function isBelow(path: string, prefix: string): boolean {
  return path.startsWith(prefix) && path.slice(prefix.length).split('/').every(isPlainSegment)
}

/** Unreserved characters only (RFC 3986 section 2.3), and no dot segment (section 3.3). */
function isPlainSegment(segment: string): boolean {
  return /^[\w.~-]+$/.test(segment) && segment !== '.' && segment !== '..'
}

/** Which error body is spoken: that of an API version, or RFC 6749's (our contract, sections 2 and 6). */
export type ErrorDialect = ApiVersion | 'oauth'

/**
 * Says which error body a path speaks: `v0` below `/v0/`, RFC 6749's below `/oauth2/`, the v1 body everywhere else.
 *
 * @see Our contract, section 2
 */
export function errorDialect(path: string): ErrorDialect {
  if (path.startsWith('/oauth2/')) return 'oauth'
  return path.startsWith('/v0/') || path === '/v0' ? 'v0' : 'v1'
}
