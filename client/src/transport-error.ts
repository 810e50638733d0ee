/**
 * Why no answer came that may be handed on. The first three say that the service could not be reached, the last three that
 * what stands at the address is not trusted.
 *
 * - `timeout`: not all of the answer came in time
 * - `network`: no address, no connection, or one that ended before the answer's headers
 * - `not_http`: something answered, and it was not HTTP that can be read
 * - `redirect`: the answer points elsewhere; the secret does not follow
 * - `tls`: the certificate or the TLS handshake is not good
 * - `insecure_url`: plain http to another machine; nothing was sent
 */
export const TRANSPORT_ERROR_CODES = [
  'timeout',
  'network',
  'not_http',
  'redirect',
  'tls',
  'insecure_url',
] as const

/** One of {@link TRANSPORT_ERROR_CODES}. */
export type TransportErrorCode = (typeof TRANSPORT_ERROR_CODES)[number]

const messages: Readonly<Record<TransportErrorCode, string>> = {
  timeout: 'not all of the answer came in time',
  network: 'the service could not be reached',
  not_http: 'what answered does not speak HTTP',
  redirect: 'the answer is a redirect, which is not followed',
  tls: 'the TLS certificate or handshake is not trusted',
  insecure_url: 'plain http is for this machine only; another needs https',
}

/**
 * The service could not be reached, or what was reached is not trusted. Holds nothing of the request and nothing of the
 * answer but a status: the cause of a failed fetch can quote bytes from the wire, so it is not kept.
 */
export class TransportError extends Error {
  override readonly name = 'TransportError'
  readonly code: TransportErrorCode
  /** The platform's word for the fault (`ECONNREFUSED`, `CERT_HAS_EXPIRED`), where it has one. */
  readonly systemCode: string | undefined
  /** The status of the redirect, where there was one and the platform shows it. */
  readonly status: number | undefined

  // Beside an answer's errors these are absent, so that one `catch` can read them of all three.
  readonly errorId: undefined
  readonly correlationId: undefined
  readonly rawBody: undefined
  readonly retryAfterSeconds: undefined

  constructor(code: TransportErrorCode, details: { systemCode?: string; status?: number } = {}) {
    super(messages[code])
    this.code = code
    this.systemCode = details.systemCode
    this.status = details.status
  }

  /** Whether the same request can succeed later: not where what answered is not to be trusted. */
  get retryable(): boolean {
    return !['redirect', 'tls', 'insecure_url'].includes(this.code)
  }
}

const tlsCodes =
  /^(?:CERT_|CRL_|DEPTH_ZERO_|EPROTO$|ERR_SSL_|ERR_TLS_|HOSTNAME_MISMATCH$|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_|SELF_SIGNED_|UNABLE_TO_)/
const timeoutCodes = /^(?:ETIMEDOUT|UND_ERR_(?:CONNECT|HEADERS|BODY)_TIMEOUT)$/
const notHttpCodes = /^(?:HPE_|UND_ERR_HEADERS_OVERFLOW$)/

/**
 * Reads what a platform's fetch threw, as far as it says anything: Node has a code on the error, on its cause, or on the
 * first of several attempts; a browser has none, and everything is `network`.
 */
export function classifyFault(fault: unknown): TransportError {
  const systemCode = findSystemCode(fault)
  if (systemCode === undefined) return new TransportError('network')
  if (tlsCodes.test(systemCode)) return new TransportError('tls', { systemCode })
  if (timeoutCodes.test(systemCode)) return new TransportError('timeout', { systemCode })
  if (notHttpCodes.test(systemCode)) return new TransportError('not_http', { systemCode })
  return new TransportError('network', { systemCode })
}

const systemCodeForm = /^[A-Z][A-Z0-9_]{1,63}$/

function findSystemCode(fault: unknown, depth = 0): string | undefined {
  if (typeof fault !== 'object' || fault === null || depth > 3) return undefined
  const { code, cause, errors } = fault as { code?: unknown; cause?: unknown; errors?: unknown }
  if (typeof code === 'string' && systemCodeForm.test(code)) return code
  return (
    findSystemCode(cause, depth + 1) ??
    (Array.isArray(errors) ? findSystemCode(errors[0], depth + 1) : undefined)
  )
}
