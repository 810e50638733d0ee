import type { AccessToken } from './access-token.ts'

/** What a caller may say of the token that it wants. */
export interface GetTokenOptions {
  /** Ends this caller's wait; what is thrown is the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** How long the token must live at the least from now on, in seconds. As much as the source can give if absent. */
  readonly minValiditySeconds?: number | undefined
}

/** Where access tokens come from. Every source can be wrapped by another. */
export interface TokenSource {
  /**
   * Gives a token that lives.
   *
   * @throws {RefusalError} when the service said no.
   * @throws {UnexpectedResponseError} when the answer is outside the contract.
   * @throws {TransportError} when there was none, or it is not trusted.
   */
  getToken(options?: GetTokenOptions): Promise<AccessToken>
}
