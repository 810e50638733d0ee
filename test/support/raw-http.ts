import { connect, type Socket } from 'node:net'

/** A response as it stood on the wire. */
export interface RawResponse {
  readonly status: number
  readonly statusLine: string
  /** Names in lower case; of a repeated header the last. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const READ_TIMEOUT_MS = 15_000

/** What came of a connection until the other side closed it, or until `count` responses were whole. */
export interface RawExchange {
  readonly responses: readonly RawResponse[]
  /** What came after the last whole response. */
  readonly rest: string
  /** The code of the socket's error, such as `ECONNRESET`, or `undefined`. */
  readonly error: string | undefined
}

/** What is sent, and how long is listened. */
export interface RawRequest {
  /** Stop listening after so many responses; otherwise until the other side closes. */
  readonly count?: number
  /** Ends the sending side after the last byte. */
  readonly end?: boolean
}

/** Opens a connection to the address of a URL. */
export function openSocket(url: string): Socket {
  const { hostname, port } = new URL(url)
  return connect({ host: hostname, port: Number(port) })
}

/** Sends bytes over a connection of their own and reads what comes back. */
export async function sendRaw(
  url: string,
  bytes: string | Buffer,
  options: RawRequest = {},
): Promise<RawExchange> {
  const socket = openSocket(url)
  if (options.end) socket.end(bytes)
  else socket.write(bytes)
  return readExchange(socket, options.count)
}

/**
 * Reads a connection until the other side closes it, or until `count` responses are whole; then ends it unless it is to
 * be kept.
 */
export function readExchange(
  socket: Socket,
  count = Number.POSITIVE_INFINITY,
  options: { keep?: boolean } = {},
): Promise<RawExchange> {
  return new Promise((resolve) => {
    let received: Buffer = Buffer.alloc(0)
    let error: string | undefined
    const finish = () => {
      clearTimeout(timer)
      socket.off('data', onData).off('error', onError).off('close', finish)
      if (!options.keep) socket.on('error', () => {}).destroy()
      resolve({ ...parseResponses(received), error })
    }
    const onData = (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      if (count < Number.POSITIVE_INFINITY && parseResponses(received).responses.length >= count) finish()
    }
    const onError = (cause: NodeJS.ErrnoException) => {
      error = cause.code
    }
    const timer = setTimeout(() => {
      error = 'READ_TIMEOUT'
      finish()
    }, READ_TIMEOUT_MS)
    socket.on('data', onData).on('error', onError).once('close', finish)
  })
}

/** Writes a request whose body has the length that its head says, unless told otherwise. */
export function formatRequest(
  path: string,
  body: string | Buffer,
  options: { method?: string; headers?: readonly string[]; contentType?: string | null } = {},
): Buffer {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  const type = options.contentType === undefined ? 'application/json' : options.contentType
  const head = [
    `${options.method ?? 'POST'} ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    ...(type === null ? [] : [`Content-Type: ${type}`]),
    `Content-Length: ${bytes.length}`,
    ...(options.headers ?? []),
    '',
    '',
  ]
  return Buffer.concat([Buffer.from(head.join('\r\n'), 'latin1'), bytes])
}

function parseResponses(received: Buffer): { responses: RawResponse[]; rest: string } {
  const responses: RawResponse[] = []
  let rest = received
  for (;;) {
    const headEnd = rest.indexOf('\r\n\r\n')
    if (headEnd === -1) break
    const [statusLine = '', ...lines] = rest.toString('latin1', 0, headEnd).split('\r\n')
    const headers = Object.fromEntries(
      lines.map((line) => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
    )
    const length = Number(headers['content-length'] ?? 0)
    if (rest.length < headEnd + 4 + length) break
    const body = rest.toString('utf8', headEnd + 4, headEnd + 4 + length)
    responses.push({ status: Number(statusLine.split(' ')[1]), statusLine, headers, body })
    rest = rest.subarray(headEnd + 4 + length)
  }
  return { responses, rest: rest.toString('latin1') }
}
