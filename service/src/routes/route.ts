import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { StreamedBody } from '../http-stream.ts'
import type { KeySeen } from '../usage.ts'

/** What a handler sees of a request. */
export interface RouteRequest extends KeySeen {
  /** The request target as it came, with its query. */
  readonly target: string
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders
  /** What stands in the place of each `{name}` of the route's path. */
  readonly parameters: Readonly<Record<string, string>>
  /** What the route's reader made of the body; of a POST and a PATCH the parsed JSON unless told. */
  readonly body: unknown
  /** Who it comes from: an address in canonical form (`client-address.ts`). */
  readonly clientAddress: string
  /** The id of the key that the request names, set by the handler for the log. */
  keyId: string | undefined
  /** The id of the verifier that asks, empty for whoever is none. */
  verifierId: string
  /** Who asks, as the audit names it; set where a route authorizes before it reads. */
  actor: string | undefined
}

/** What is answered when nothing is thrown; an error is thrown as an `ApiError`. */
export interface RouteResponse {
  /** 200 unless told. */
  readonly status?: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | StreamedBody
}

/**
 * Reads the body of a request.
 *
 * @throws {ApiError} for one that is not what the route takes.
 */
export type BodyReader = (request: IncomingMessage, maxBytes: number) => Promise<unknown>

/** One row of the route table. */
export interface Route {
  /** GET answers HEAD as well. */
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Compared letter for letter, but for `{name}`, which stands for one whole segment of unreserved characters. */
  readonly path: string
  /**
   * Which limits it is held to. `free` is never refused for load: what tells whether the service lives, and what its operator
   * does. `uncounted` is refused under overload only: what is the same for everybody, and what checkers of tokens must not
   * miss. Everything else counts in the limits of a client as well. Failed attempts count everywhere.
   */
  readonly load?: 'free' | 'uncounted'
  /** Runs before anything of the body is read. @throws {ApiError} for whoever may not go on. */
  authorize?(request: RouteRequest): Promise<void>
  /** JSON with POST and PATCH and no body otherwise, unless told. */
  readonly readBody?: BodyReader
  handler(request: RouteRequest): RouteResponse | Promise<RouteResponse>
}
