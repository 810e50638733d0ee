/** What a handler sees of a request. */
export interface RouteRequest {
  /** The request target as it came, with its query. */
  readonly target: string
  /** The parsed body of a POST. */
  readonly body: unknown
  /** The id of the key that the request names, set by the handler for the log. */
  keyId: string | undefined
}

/** A 200; everything else is thrown as an `ApiError`. */
export interface RouteResponse {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** One row of the route table. */
export interface Route {
  /** GET answers HEAD as well. */
  readonly method: 'GET' | 'POST'
  /** Compared letter for letter. */
  readonly path: string
  handler(request: RouteRequest): RouteResponse | Promise<RouteResponse>
}
