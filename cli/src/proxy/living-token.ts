/** A token as far as a proxy needs it; the client's `AccessToken` is one. */
export interface ProxiedToken {
  readonly value: string
}

/** Where living tokens come from: the client's `reuse(fromApiKey(…))` is one. */
export interface LivingToken {
  getToken(options?: { signal?: AbortSignal; minValiditySeconds?: number }): Promise<ProxiedToken>
  /** Drops a token that was refused, if it is still the one in use. */
  drop(token: ProxiedToken): void
}
