/** A request to change something that may come again: what is done for it is done once. */
export interface RepeatableRequest {
  /** Names who asks and the key that they gave the request; a hash of both. */
  readonly id: string
  /** SHA-256 of what is asked. */
  readonly requestHash: Buffer
  /** Epoch seconds. */
  readonly now: number
}

/** What became of a repeatable request, now or when it came first. */
export interface Receipt {
  /** Of the request that came first under this id. */
  readonly requestHash: Buffer
  /** A text that the caller wrote then: no secret. */
  readonly outcome: string
  /** Whether it came before, so that nothing was done now. */
  readonly repeated: boolean
}

/** How long a receipt is kept, in seconds: 24 hours. */
export const RECEIPT_SECONDS = 24 * 3600
