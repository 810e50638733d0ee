import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** An answer of `docs/recipes/cases.json`: its bytes, or what they are made of. */
export type ScriptedAnswer =
  | { readonly raw: string }
  | {
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
      readonly json?: unknown
    }

/** What a request was. */
export interface SentRequest {
  readonly method: string
  readonly path: string
  readonly content_type: string | undefined
  readonly accept_encoding: string | undefined
  readonly body: string
}

/** A server on loopback that answers the n-th request with the n-th answer, and the rest with an ended connection. */
export interface ScriptedServer {
  readonly url: string
  readonly requests: readonly SentRequest[]
  close(): Promise<void>
}

/** Starts a {@link ScriptedServer}. Below HTTP, since some answers are none. */
export async function startScriptedServer(answers: readonly ScriptedAnswer[]): Promise<ScriptedServer> {
  const requests: SentRequest[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}).once('close', () => sockets.delete(socket)))
    let received = ''
    socket.setEncoding('utf8').on('data', (text: string) => {
      received += text
      const request = readRequest(received)
      if (request === undefined) return
      const answer = answers[requests.push(request) - 1]
      socket.end(answer === undefined ? '' : formatAnswer(answer))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function readRequest(received: string): SentRequest | undefined {
  const end = received.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [start = '', ...lines] = received.slice(0, end).split('\r\n')
  const headers = new Map(lines.map((line) => line.split(/: */, 2) as [string, string]))
  const header = (name: string) => [...headers].find(([each]) => each.toLowerCase() === name)?.[1]
  const body = received.slice(end + 4)
  if (Buffer.byteLength(body) < Number(header('content-length') ?? 0)) return undefined
  const [method = '', path = ''] = start.split(' ')
  return {
    method,
    path,
    content_type: header('content-type'),
    accept_encoding: header('accept-encoding'),
    body,
  }
}

function formatAnswer(answer: ScriptedAnswer): string {
  if ('raw' in answer) return answer.raw
  const body = 'json' in answer ? JSON.stringify(answer.json) : (answer.body ?? '')
  const headers = {
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
    ...answer.headers,
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return `HTTP/1.1 ${answer.status} Scripted\r\n${lines.join('\r\n')}\r\n\r\n${body}`
}
