import type { ServerResponse } from 'node:http'
import type { Interim, Reached } from './attempt.ts'
import { forwardResponseHeaders, forwardTrailers, type ResponseHead } from './headers.ts'
import { reasonPhrase } from './reason-phrase.ts'

/** Hands an interim answer on, where nothing is lost by it and the client can read one. */
export function relayInterim(response: ServerResponse, interim: Interim, head: ResponseHead): void {
  const { socket } = response
  const { statusCode, rawHeaders } = interim
  // Of a row of pipelined requests only the first has the connection. A 100 is the `continue` event's.
  if (socket === null || response.headersSent || response.req.httpVersion !== '1.1') return
  if (statusCode === 100 || socket.writableNeedDrain) return
  const headers = forwardResponseHeaders(rawHeaders, head)
  const lines = [`HTTP/1.1 ${statusCode} ${reasonPhrase(interim)}`]
  for (let index = 0; index < headers.length; index += 2)
    lines.push(`${headers[index]}: ${headers[index + 1]}`)
  socket.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}

/**
 * Hands an answer back: its head, its body as it arrives and no faster than it is taken, its trailers. Where it breaks off,
 * the client's connection does too: an answer cut short must not look whole.
 */
export function relayAnswer(
  response: ServerResponse,
  { answer, outgoing }: Reached,
  head: ResponseHead,
): void {
  const { statusCode = 502, rawHeaders } = answer
  response.sendDate = false
  if (!response.req.complete) response.shouldKeepAlive = false
  response.writeHead(statusCode, reasonPhrase(answer), forwardResponseHeaders(rawHeaders, head))
  response.once('close', () => outgoing.destroy())
  answer.once('error', () => response.destroy())
  answer.once('end', () => {
    if (response.destroyed) return
    response.addTrailers(forwardTrailers(answer.rawTrailers))
    response.end()
  })
  answer.pipe(response, { end: false })
  // What is known is told: an event stream's head may stand long before its first event.
  response.flushHeaders()
}
