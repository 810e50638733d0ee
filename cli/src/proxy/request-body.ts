import type { ClientRequest, IncomingMessage } from 'node:http'
import { ProxyFault } from './fault.ts'
import { forwardTrailers, type RawHeaders, valuesOf } from './headers.ts'
import type { ProxyLimits } from './limits.ts'

/** How the body of a request is framed on this side and on the other. */
export interface BodyPlan {
  /** Whether it is gathered first, so that it can be sent again. */
  readonly gathered: boolean
  /** The headers that say how long it is. */
  readonly framing: RawHeaders
}

/** Settles by the head how a body is sent on: with the length that the client named, or chunked as it came. */
export function planBody(request: IncomingMessage, expectsContinue: boolean, limits: ProxyLimits): BodyPlan {
  const { method = '', rawHeaders } = request
  const trailer = valuesOf(rawHeaders, 'trailer').flatMap((value) => ['Trailer', value])
  if (valuesOf(rawHeaders, 'transfer-encoding').length > 0)
    return { gathered: false, framing: ['Transfer-Encoding', 'chunked', ...trailer] }
  const [length] = valuesOf(rawHeaders, 'content-length')
  if (length === undefined)
    return {
      gathered: true,
      framing: ['POST', 'PUT', 'PATCH'].includes(method) ? ['Content-Length', '0'] : [],
    }
  const small = Number(length) <= limits.maxGatheredBytes
  return { gathered: small && !expectsContinue, framing: ['Content-Length', length] }
}

/**
 * Reads a small body whole.
 *
 * @throws {ProxyFault} when it does not arrive in time, or the client leaves.
 */
export function gatherBody(request: IncomingMessage, timeoutMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const timer = setTimeout(() => reject(new ProxyFault('requestTimeout')), timeoutMs)
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.once('end', () => resolve(Buffer.concat(chunks)))
    request.once('close', () => {
      clearTimeout(timer)
      reject(new ProxyFault('malformedRequest'))
    })
  })
}

/** Pours a body on as it arrives and no faster than it is taken, and its trailers behind it. */
export function pourBody(request: IncomingMessage, outgoing: ClientRequest): void {
  request.once('end', () => {
    if (outgoing.destroyed) return
    outgoing.addTrailers(forwardTrailers(request.rawTrailers))
    outgoing.end()
  })
  request.pipe(outgoing, { end: false })
  outgoing.flushHeaders()
}
