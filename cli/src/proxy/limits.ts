/** The bounds of a proxy. */
export interface ProxyLimits {
  /** For a request's head to arrive. */
  readonly headTimeoutMs: number
  /** For a body that is gathered before it is sent. */
  readonly gatherTimeoutMs: number
  /** For a connection to the API, TLS included. */
  readonly connectTimeoutMs: number
  /** For the head of an answer, from the end of the request on: videos take their time. */
  readonly answerTimeoutMs: number
  /** Without a byte in either direction, while a body is on its way. */
  readonly idleTimeoutMs: number
  /** The same on a WebSocket. */
  readonly socketIdleTimeoutMs: number
  /** For a connection to go on sending after its answer. */
  readonly lingerMs: number
  readonly maxConnections: number
  /** Requests on their way at once, however few connections they came by. */
  readonly maxExchanges: number
  readonly maxHeadBytes: number
  /** A body up to this size is gathered first, so that it can be sent again. */
  readonly maxGatheredBytes: number
  /** How long a token must live on when a body is sent that cannot be sent again. */
  readonly streamValiditySeconds: number
}

/** What a proxy is held to. */
export const PROXY_LIMITS: ProxyLimits = {
  headTimeoutMs: 10_000,
  gatherTimeoutMs: 30_000,
  connectTimeoutMs: 10_000,
  answerTimeoutMs: 600_000,
  idleTimeoutMs: 300_000,
  socketIdleTimeoutMs: 3_600_000,
  lingerMs: 2_000,
  maxConnections: 256,
  maxExchanges: 256,
  maxHeadBytes: 64 * 1024,
  maxGatheredBytes: 64 * 1024,
  streamValiditySeconds: 120,
}
