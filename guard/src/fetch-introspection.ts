import {
  AUTHORIZATION_HEADER,
  type IntrospectionResponse,
  JSON_CONTENT_TYPE,
  parseIntrospectionResponse,
  TOKEN_TYPE,
} from '@interhuman-auth/protocol'
import { parseJsonObject } from './jws.ts'
import { readBounded } from './read-bounded.ts'

/** The largest answer that is read, in bytes; most have about 400. */
const MAX_ANSWER_BYTES = 16_384

/** Where introspection is, who asks, and for how long. */
export interface IntrospectionTarget {
  readonly url: URL
  readonly verifier: string
  readonly timeoutMs: number
}

/**
 * Asks the service about a credential once: in the body, no redirect followed, bounded in time and in size, no retry.
 *
 * @see RFC 7662 section 2.1
 * @throws {Error} whose message says what went wrong in words for the operator, without anything that was sent or came.
 */
export async function fetchIntrospection(
  { url, verifier, timeoutMs }: IntrospectionTarget,
  credential: string,
): Promise<IntrospectionResponse> {
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      signal,
      headers: { Accept: JSON_CONTENT_TYPE, [AUTHORIZATION_HEADER]: `${TOKEN_TYPE} ${verifier}` },
      body: new URLSearchParams({ token: credential }),
    })
    if (response.status !== 200) {
      await response.body?.cancel()
      throw new Error(`introspection answered with status ${response.status}`)
    }
    const body = await readBounded(response, MAX_ANSWER_BYTES, 'the answer of introspection')
    const answer = parseIntrospectionResponse(parseJsonObject(body))
    if (answer === undefined) throw new Error('introspection gave an answer that cannot be read')
    return answer
  } catch (error) {
    if (signal.aborted) throw new Error(`introspection did not answer within ${timeoutMs} ms`)
    throw error
  }
}
