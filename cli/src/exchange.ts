import { DEFAULT_TIMEOUT_MS, requestToken, TransportError } from '@interhuman-auth/client/strict'
import { CORRELATION_ID_HEADER } from '@interhuman-auth/protocol'
import type { Resolved } from './credentials/resolve.ts'
import { EXIT_OF_TRANSPORT, Refusal } from './exit-codes.ts'
import { type Answer, httpPost } from './http-post.ts'
import type { Options } from './options.ts'

/** What an exchange is asked for. */
export type ExchangeOptions = Pick<Options, 'scopes' | 'apiVersion' | 'timeoutMs'>

/**
 * Makes the one exchange.
 *
 * @throws {Refusal} when no answer came that may be handed on: 5, 6 or 7.
 */
export async function exchange(
  { credential, apiUrl }: Pick<Resolved, 'credential' | 'apiUrl'>,
  options: ExchangeOptions,
): Promise<Answer> {
  const { keyId, keySecret } = credential
  const { scopes, apiVersion, timeoutMs } = options
  try {
    return await requestToken({ keyId, keySecret, scopes, apiUrl, apiVersion, timeoutMs, fetch: httpPost })
  } catch (fault) {
    if (!(fault instanceof TransportError)) throw fault
    const { code, retryable } = fault
    throw new Refusal(EXIT_OF_TRANSPORT[code], describe(fault, apiUrl, timeoutMs), {}, { retryable })
  }
}

function describe(fault: TransportError, apiUrl: string, timeoutMs = DEFAULT_TIMEOUT_MS): string {
  const code = fault.systemCode === undefined ? '' : ` (${fault.systemCode})`
  switch (fault.code) {
    case 'timeout':
      return `no answer from ${apiUrl} within ${timeoutMs / 1000} s; try again, or allow more with --timeout`
    case 'network':
      return (
        `no answer from ${apiUrl}${code}; check the address, and that this machine, or the sandbox that this runs in, ` +
        'may use the network'
      )
    case 'not_http':
      return `what answers at ${apiUrl} is not HTTP that can be read${code}; check the address`
    case 'redirect':
      return `${apiUrl} answers with a redirect (${fault.status}), which is not followed; check the address`
    case 'tls':
      return `the TLS certificate or handshake of ${apiUrl} is not trusted${code}; ${adviseOnTls(fault.systemCode)}`
    case 'insecure_url':
      return `${apiUrl} is plain http to another machine; use https; nothing was sent`
  }
}

/** A certificate is judged before anything is sent; TLS itself can break at any time. */
function adviseOnTls(systemCode = ''): string {
  return /^(?:ERR_SSL_|EPROTO$)/.test(systemCode) ? 'check the address' : 'nothing was sent'
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * Says which status came, with the correlation id where there is one. Any other text in that header is left out: a
 * hostile server could put there what it was sent.
 */
export function describeStatus(answer: Answer, correlationId = correlationIdOf(answer)): string {
  return correlationId === undefined
    ? `status ${answer.status}`
    : `status ${answer.status} (correlation id ${correlationId})`
}

/** Gives an answer's correlation id, by its header, if it has one and it is a UUID. */
export function correlationIdOf(answer: Answer): string | undefined {
  return readCorrelationId(answer.header(CORRELATION_ID_HEADER))
}

/** Gives a correlation id if it is a UUID. */
export function readCorrelationId(text: string | undefined): string | undefined {
  return text !== undefined && uuid.test(text) ? text : undefined
}

/** Says what to do about a status that is not 200; `otherwise` where the status alone does not tell. */
export function adviseOn(status: number, otherwise = 'the body says more'): string {
  const known = advice[status]
  if (known !== undefined) return known
  return status >= 500 ? 'try again later' : otherwise
}

const advice: Readonly<Record<number, string>> = {
  401: 'check the key id and the secret',
  403: 'ask for scopes that the key holds',
  404: 'check the address and the API version',
  422: 'check the scopes',
  429: 'wait before trying again',
}
