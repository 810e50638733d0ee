/** What is told of a request when it has come to its end, in one line of the log and in the metrics. Never a body, a query, a header's credential or a path as it was sent. */
export interface RequestRecord {
  readonly method: string
  /** The route's own path, or `null` where there is none: what a client sent could hold a secret. */
  readonly route: string | null
  /** 0 when the client went away before an answer. */
  readonly status: number
  readonly correlationId: string
  readonly clientRequestId?: string | undefined
  /** Only one that has the form of a key id. */
  readonly keyId?: string | undefined
  /** Who used the operator's API: the id of the admin token, and its name. */
  readonly actor?: string | undefined
  readonly errorId: string | undefined
  /** The address, of those who were refused only. */
  readonly client?: string | undefined
  readonly ms: number
}
