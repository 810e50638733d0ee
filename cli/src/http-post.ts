import type { ClientRequest, IncomingMessage } from 'node:http'
import { type TokenRequestInit, TransportError } from '@interhuman-auth/client/strict'
import { builtin } from './builtin.ts'
import { decode } from './decode.ts'

/** An answer: the status, the headers, and the body as it arrives, decoded if it was encoded. */
export interface Answer {
  readonly status: number
  readonly header: (name: string) => string | undefined
  readonly body: AsyncIterable<Uint8Array>
}

/**
 * Sends the one request over Node's own client and gives the answer as it is. Node's fetch cannot: it sends a second time
 * after a 421, gives no answer for a 407, and drops the body of a 205. Certificates are checked whatever
 * `NODE_TLS_REJECT_UNAUTHORIZED` says.
 */
export async function httpPost(url: string, init: TokenRequestInit): Promise<Answer> {
  const isHttps = url.startsWith('https:')
  const { request }: typeof import('node:http') = builtin(isHttps ? 'node:https' : 'node:http')
  const options = {
    method: init.method,
    headers: {
      ...init.headers,
      Accept: '*/*',
      'User-Agent': 'interhuman-auth',
      'Content-Length': Buffer.byteLength(init.body),
      Connection: 'close',
    },
    rejectUnauthorized: true,
    // Not the global agent, which takes the environment's proxy: there plain http would leave this machine.
    ...(!isHttps && { agent: false }),
  }
  const response = await answerTo(request(url, options), init)
  const body = arriving(response, init.signal)
  const encoding = response.headers['content-encoding']
  return {
    status: response.statusCode ?? 0,
    header: (name) => [response.headers[name.toLowerCase()]].flat()[0],
    body: encoding === undefined ? body : decode(body, encoding),
  }
}

function answerTo(request: ClientRequest, init: TokenRequestInit): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const abort = () => request.destroy(init.signal.reason)
    init.signal.addEventListener('abort', abort, { once: true })
    request.on('response', (response) => {
      init.signal.removeEventListener('abort', abort)
      resolve(response)
    })
    request.on('upgrade', (_response, socket) => {
      socket.destroy()
      reject(new TransportError('not_http'))
    })
    request.on('error', (error: NodeJS.ErrnoException) =>
      reject(isTlsFault(error) ? new TransportError('tls', error.code) : error),
    )
    request.end(init.body)
  })
}

/** What OpenSSL finds wrong with a certificate and the client's reading of a fault does not know. */
const rareTlsFaults = /^(?:CRL_|DIFFERENT_CRL_|INVALID_|PATH_LENGTH_|HOSTNAME_|IP_ADDRESS_|UNABLE_TO_)/

function isTlsFault({ code = '' }: NodeJS.ErrnoException): boolean {
  return rareTlsFaults.test(code)
}

/**
 * Gives the chunks of a response, and those that came before a connection broke as well: a stream's own iterator drops
 * what it still holds when the stream is destroyed.
 */
function arriving(response: IncomingMessage, signal: AbortSignal): AsyncIterable<Uint8Array> {
  let fault: Error | undefined
  let wake = () => {}
  let closed = false
  signal.addEventListener('abort', () => response.destroy(signal.reason), { once: true })
  response.on('readable', () => wake())
  response.on('error', (error) => {
    fault = error
  })
  response.on('close', () => {
    closed = true
    wake()
  })
  return (async function* () {
    try {
      for (;;) {
        const chunk: Uint8Array | null = response.read()
        if (chunk !== null) yield chunk
        else if (!closed) await new Promise<void>((resolve) => (wake = resolve))
        else if (fault !== undefined || !response.complete) throw fault ?? new Error('cut short')
        else return
      }
    } finally {
      response.destroy()
    }
  })()
}
