/** What an {@link AccessToken} is made of. */
export interface AccessTokenParts {
  readonly value: string
  /** The body of the answer, as it came. */
  readonly raw: string
  readonly scopes: readonly string[]
  /** Counted from the start of the request. */
  readonly expiresInSeconds: number
  /** Epoch seconds. */
  readonly expiresAt: number
}

/** What is not to be seen. */
abstract class Unseen {
  readonly #value: string
  readonly #raw: string

  constructor(value: string, raw: string) {
    this.#value = value
    this.#raw = raw
  }

  /** The token itself: opaque, to be sent as a bearer. */
  get value(): string {
    return this.#value
  }

  /** The body of the answer that it came in, as text. */
  get raw(): string {
    return this.#raw
  }
}

// `inspect`, told to call getters, takes it for the platform's own class then, and looks no further.
Unseen.prototype.constructor = Object

/**
 * A bearer token and what the service said of it. `value` and `raw` are not properties of their own, so that printing,
 * serialising or cloning an access token shows neither.
 */
export class AccessToken extends Unseen {
  /** The scopes that it carries. */
  declare readonly scopes: readonly string[]
  /** How long it lives, counted from the start of the request that it came from. */
  declare readonly expiresInSeconds: number
  /** Epoch seconds on this machine's clock. For people and logs: a {@link TokenSource} counts on two clocks. */
  declare readonly expiresAt: number

  constructor({ value, raw, ...known }: AccessTokenParts) {
    super(value, raw)
    Object.assign(this, known, { scopes: Object.freeze([...known.scopes]) })
    Object.freeze(this)
  }
}
