import {
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http'
import { request as httpsRequest } from 'node:https'
import {
  AUTHORIZATION_HEADER,
  EVENT_STREAM_CONTENT_TYPE,
  type FeedPosition,
  formatFeedPosition,
  formatRevocationAck,
  JSON_CONTENT_TYPE,
  LAST_EVENT_ID_HEADER,
  TOKEN_TYPE,
} from '@interhuman-auth/protocol'
import { eventStreamReader, type ServerSentEvent } from './event-stream.ts'

/** Where a request of the feed goes, and with what. */
export interface FeedTarget {
  readonly url: URL
  readonly verifier: string
}

/** One connection of the feed. */
export interface FeedConnectionOptions extends FeedTarget {
  /** Behind which event it goes on; everything in force without. */
  readonly position: FeedPosition | undefined
  /** From the start of the request to the head of its answer. */
  readonly connectTimeoutMs: number
  /** The longest time without an event, after which the connection is taken for dead; comments are none. */
  readonly silenceMs: number
  /** What it throws ends the connection, with the error's message. */
  readonly onEvent: (event: ServerSentEvent) => void
  /** Called once: what ended the connection, in words for the operator that hold nothing of the answer. */
  readonly onEnd: (detail: string, wasRefused: boolean) => void
}

/**
 * Opens one connection of the feed: no redirect followed, nothing retried, and it keeps no process alive.
 *
 * @returns what ends it, after which neither callback is called.
 */
export function openFeedConnection(options: FeedConnectionOptions): () => void {
  const { connectTimeoutMs, silenceMs, onEvent, onEnd } = options
  const request = send(options, 'GET', {
    Accept: EVENT_STREAM_CONTENT_TYPE,
    ...(options.position !== undefined && { [LAST_EVENT_ID_HEADER]: formatFeedPosition(options.position) }),
  })
  let ended = false
  let timer = setTimeout(
    end,
    connectTimeoutMs,
    `the feed did not answer within ${connectTimeoutMs} ms`,
  ).unref()

  function close(): void {
    ended = true
    clearTimeout(timer)
    request.destroy()
  }

  function end(detail: string, wasRefused = false): void {
    if (ended) return
    close()
    onEnd(detail, wasRefused)
  }

  function expectMore(): void {
    clearTimeout(timer)
    timer = setTimeout(end, silenceMs, `the feed was silent for ${silenceMs} ms`).unref()
  }

  request.on('error', (error) => end(describeFailure(error)))
  request.once('close', () => end('the feed ended'))
  request.once('response', (response: IncomingMessage) => {
    const problem = findProblem(response)
    if (problem !== undefined) return end(problem, [401, 403].includes(response.statusCode ?? 0))
    const readEvents = eventStreamReader()
    expectMore()
    response.on('data', (chunk: Buffer) => {
      try {
        for (const event of readEvents(chunk)) {
          if (ended) return
          expectMore()
          onEvent(event)
        }
      } catch (error) {
        end(error instanceof Error ? error.message : 'the feed could not be read')
      }
    })
    response.on('error', (error) => end(describeFailure(error)))
    response.once('close', () => end('the feed ended'))
  })
  request.end()
  return close
}

/** An acknowledgement of everything up to a position. */
export interface FeedAcknowledgement extends FeedTarget {
  readonly lease: string
  readonly position: FeedPosition
  readonly timeoutMs: number
}

/** Acknowledges once; resolves with what went wrong, in words for the operator, or with nothing. Never rejects. */
export function sendAcknowledgement(ack: FeedAcknowledgement): Promise<string | undefined> {
  return new Promise((resolve) => {
    const body = JSON.stringify(formatRevocationAck(ack.lease, ack.position))
    const request = send(ack, 'POST', {
      'Content-Type': JSON_CONTENT_TYPE,
      'Content-Length': String(Buffer.byteLength(body)),
    })
    const late = `the acknowledgement was not answered within ${ack.timeoutMs} ms`
    const timer = setTimeout(settle, ack.timeoutMs, late).unref()
    let settled = false

    function settle(detail?: string): void {
      if (settled) return
      settled = true
      clearTimeout(timer)
      resolve(detail)
      if (detail !== undefined) request.destroy()
    }

    request.on('error', (error) => settle(describeFailure(error)))
    request.once('close', () => settle('the connection ended'))
    request.once('response', (response: IncomingMessage) => {
      const { statusCode } = response
      if (statusCode !== 200) return settle(`the acknowledgement was answered with status ${statusCode}`)
      response.on('error', (error) => settle(describeFailure(error)))
      response.once('end', () => settle())
      response.resume()
    })
    request.end(body)
  })
}

function send({ url, verifier }: FeedTarget, method: string, headers: Record<string, string>): ClientRequest {
  const options: RequestOptions = {
    method,
    headers: { ...headers, [AUTHORIZATION_HEADER]: `${TOKEN_TYPE} ${verifier}` },
  }
  const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options)
  request.on('socket', (socket) => socket.unref())
  return request
}

function findProblem({ statusCode, headers }: IncomingMessage): string | undefined {
  if (statusCode !== 200) return `the feed answered with status ${statusCode}`
  const [type = ''] = (headers['content-type'] ?? '').split(';')
  if (type.trim().toLowerCase() !== EVENT_STREAM_CONTENT_TYPE) return 'the answer is no event stream'
  const encoding = headers['content-encoding'] ?? 'identity'
  return encoding === 'identity' ? undefined : 'the answer is encoded'
}

function describeFailure(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return code === undefined ? 'the feed could not be reached' : `the feed could not be reached (${code})`
}
