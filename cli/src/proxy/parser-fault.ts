import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { ErrorName } from '@interhuman-auth/protocol'
import { type RefusalAnswer, sendRefusal } from './refuse.ts'

const ERROR_NAMES: Readonly<Record<string, ErrorName>> = {
  HPE_HEADER_OVERFLOW: 'headersTooLarge',
  ERR_HTTP_REQUEST_TIMEOUT: 'requestTimeout',
}

/** Says which error it is that Node's parser refused what came with. */
export function errorOfParser({ code = '' }: NodeJS.ErrnoException): ErrorName {
  return ERROR_NAMES[code] ?? 'malformedRequest'
}

/**
 * Answers what never became a request, or a request whose body is not well-formed, and ends the connection. What came behind
 * a whole request ends the connection after that one's answer.
 */
export function answerForParser(
  socket: Socket,
  response: ServerResponse | undefined,
  answer: RefusalAnswer,
  lingerMs: number,
): void {
  if (response === undefined || response.writableFinished) {
    endWith(socket, answer, lingerMs)
    return
  }
  response.shouldKeepAlive = false
  if (response.req.complete) response.once('finish', () => socket.destroySoon())
  else sendRefusal(response, answer)
}

function endWith(socket: Socket, { status, headers, body }: RefusalAnswer, lingerMs: number): void {
  const lines = Object.entries({ ...headers, Connection: 'close' }).map(
    ([name, value]) => `${name}: ${value}`,
  )
  socket.end(`HTTP/1.1 ${status} Refused\r\n${lines.join('\r\n')}\r\n\r\n${body}`)
  const timer = setTimeout(() => socket.destroy(), lingerMs)
  socket.once('close', () => clearTimeout(timer))
}
