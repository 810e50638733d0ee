import type { AccessToken, TokenSource } from '../../src/index.ts'
import { tokenOf } from './source-in-hand.ts'

/** A source that gives a new token each time it is asked. */
export interface CountingSource extends TokenSource {
  readonly given: AccessToken[]
  /** What the token that was given last looks like in a header. */
  authorization(): string
}

/** @param expiresInSeconds How long its tokens live. */
export function countingSource(expiresInSeconds = 900): CountingSource {
  const given: AccessToken[] = []
  return {
    given,
    authorization: () => `Bearer ${given.at(-1)?.value}`,
    async getToken() {
      const token = tokenOf(expiresInSeconds)
      given.push(token)
      return token
    },
  }
}
