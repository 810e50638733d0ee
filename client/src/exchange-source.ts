import { readToken, type TokenAnswer } from './read-token.ts'
import type { TokenSource } from './token-source.ts'

/** A source that sends one request for each token and reads the answer. The lifetime counts from the request's start. */
export function exchangeSource(
  send: (signal: AbortSignal | undefined) => Promise<TokenAnswer>,
  now: () => number = Date.now,
): TokenSource {
  return Object.freeze<TokenSource>({
    async getToken({ signal } = {}) {
      const requestedAtMs = now()
      try {
        return await readToken(await send(signal), { requestedAtMs })
      } catch (error) {
        // A body that its caller ended is no fault of the network.
        signal?.throwIfAborted()
        throw error
      }
    },
  })
}
