import { createHash, timingSafeEqual } from 'node:crypto'
import { type ErrorName, FETCH_SITE_HEADER, findResource, ORIGIN_HEADER } from '@interhuman-auth/protocol'
import { type RawHeaders, valuesOf } from './headers.ts'
import { METHODS } from './methods.ts'

/** A path that is forwarded, exact or a prefix when it ends in `/*`, and the scopes that its token carries. */
export interface ForwardedPath {
  readonly path: string
  readonly scopes: readonly string[]
}

/** Who is let in. */
export interface Gate {
  /** What `Host` may say, lower case, each with its port. */
  readonly hosts: ReadonlySet<string>
  /** What `Origin` may say, letter for letter. */
  readonly origins: ReadonlySet<string>
  /** The first segment that every path must have, where there is one. */
  readonly secret: string | undefined
  readonly paths: readonly ForwardedPath[]
}

/** What is read of a request before it is let in. */
export interface GateRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly rawHeaders: RawHeaders
}

/** A request that is let in: where it goes below the address of the key, and what its token carries. */
export interface Admitted {
  readonly path: string
  /** The path and the query, as they came: what was allowed is what is forwarded. */
  readonly target: string
  readonly scopes: readonly string[]
}

/** What a request was told instead. */
export interface Refused {
  readonly refused: ErrorName
}

/**
 * Decides on a request by its head alone. First what a web page can forge least: the host (a name that was made to point
 * here), then the origin; then the form, the secret and the path. Whatever is not known is refused.
 */
export function admit(request: GateRequest, gate: Gate): Admitted | Refused {
  const { rawHeaders, method = '', url = '' } = request
  const [host, ...others] = valuesOf(rawHeaders, 'host')
  if (host === undefined || others.length > 0 || !gate.hosts.has(host.toLowerCase()))
    return { refused: 'proxyForeignHost' }
  if (isForeignPage(rawHeaders, gate.origins)) return { refused: 'proxyForeignOrigin' }
  if (!METHODS.includes(method)) return { refused: 'methodNotAllowed' }
  if (!originForm.test(url) || !isPlainlyFramed(rawHeaders)) return { refused: 'malformedRequest' }
  const target = withoutSecret(url, gate.secret)
  if (target === undefined) return { refused: 'proxySecretAbsent' }
  const path = target.split('?', 1)[0] ?? ''
  const forwarded = findResource(path, gate.paths)
  return forwarded === undefined
    ? { refused: 'proxyPathRefused' }
    : { path, target, scopes: forwarded.scopes }
}

/** Origin form (RFC 9112 section 3.2.1) and nothing that two parsers could split apart differently. */
const originForm = /^\/(?![/\\])[!"$-[\]-~]*$/

/** A page's request says so by `Origin`; one without it (an image, a link, a form by GET) by `Sec-Fetch-Site`. */
function isForeignPage(rawHeaders: RawHeaders, origins: ReadonlySet<string>): boolean {
  const named = valuesOf(rawHeaders, ORIGIN_HEADER.toLowerCase())
  if (named.length > 0) return !named.every((origin) => origins.has(origin))
  return valuesOf(rawHeaders, FETCH_SITE_HEADER.toLowerCase()).some(
    (site) => site !== 'none' && site !== 'same-origin',
  )
}

/** No transfer coding but one `chunked`, which parsers have read differently before (RFC 9112 section 6.1). */
function isPlainlyFramed(rawHeaders: RawHeaders): boolean {
  const codings = valuesOf(rawHeaders, 'transfer-encoding')
  const lengths = valuesOf(rawHeaders, 'content-length')
  if (codings.length === 0) return lengths.length <= 1
  return codings.length === 1 && codings[0]?.toLowerCase() === 'chunked' && lengths.length === 0
}

function withoutSecret(url: string, secret: string | undefined): string | undefined {
  if (secret === undefined) return url
  const [, segment = '', rest = ''] = /^\/([^/?]*)(.*)$/s.exec(url) ?? []
  return timingSafeEqual(sha256(segment), sha256(secret)) ? rest : undefined
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
