import type { IncomingMessage, ServerResponse } from 'node:http'
import type { EventStream } from './http-stream.ts'
import type { RequestTrace } from './observation/traces.ts'
import type { RouteRequest } from './routes/route.ts'

/** A request on its way to its answer, with what the log will say of it. */
export interface Exchange extends RouteRequest {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly correlationId: string
  /** Milliseconds of the monotonic clock. */
  readonly startedAt: number
  /** `undefined` where nothing is traced. */
  readonly trace: RequestTrace | undefined
  parameters: Readonly<Record<string, string>>
  body: unknown
  /** What answers bit by bit, once it does. */
  stream: EventStream | undefined
  /** The path of the route, or `undefined` where there is none. */
  route: string | undefined
  /** The client whose share of requests at once this one takes a part of. */
  countedAtOnce: string | undefined
  /** The id of the error that was answered. */
  errorId: string | undefined
  /** The status that was written beside the response, for a request that never became whole. */
  answeredStatus: number | undefined
}
