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
export type TransportErrorCode = 'timeout' | 'network' | 'not_http' | 'redirect' | 'tls' | 'insecure_url'

/**
 * The service could not be reached, or what was reached is not trusted. Holds nothing of the request and nothing of the
 * answer but a status: the cause of a failed fetch can quote bytes from the wire, so it is not kept.
 */
export class TransportError extends Error {
  override readonly name = 'TransportError'
  declare readonly code: TransportErrorCode
  /** The platform's word for the fault (`ECONNREFUSED`, `CERT_HAS_EXPIRED`), where it has one. */
  declare readonly systemCode: string | undefined
  /** The status of the redirect, where there was one; 0 in a browser, which does not show it. */
  declare readonly status: number | undefined
  // Beside an answer's errors these are absent, so that one `catch` can read them of all three.
  declare readonly errorId: undefined
  declare readonly correlationId: undefined
  declare readonly rawBody: undefined
  declare readonly retryAfterSeconds: undefined

  constructor(code: TransportErrorCode, systemCode?: string, status?: number) {
    super(`no answer: ${code}`)
    this.code = code
    this.systemCode = systemCode
    this.status = status
  }

  /** Whether the same request can succeed later: not where what answered is not to be trusted. */
  get retryable(): boolean {
    return /timeout|network|not_http/.test(this.code)
  }
}

/** What Node's faults are made of. */
type Coded = { readonly code?: unknown; readonly cause?: Coded } | null | undefined

/**
 * Reads what a platform's fetch threw, as far as it says anything: Node has a code on the error or on its cause, a browser
 * has none, and everything is `network`.
 */
export function classifyFault(fault: unknown): TransportError {
  if (fault instanceof TransportError) return fault
  const systemCode = /^[A-Z][A-Z\d_]{1,63}$/.exec(
    ((fault as Coded)?.cause?.code ?? (fault as Coded)?.code) as string,
  )?.[0]
  return new TransportError(
    /CERT|SSL|TLS|EPROTO|LEAF_/.test(systemCode as string)
      ? 'tls'
      : /TIME/.test(systemCode as string)
        ? 'timeout'
        : /^HPE|OVERFLOW/.test(systemCode as string)
          ? 'not_http'
          : 'network',
    systemCode,
  )
}
