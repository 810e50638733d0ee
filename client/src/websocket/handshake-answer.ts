import { AUTHORIZATION_HEADER, TOKEN_TYPE } from '@interhuman-auth/protocol'
import type { AccessToken } from '../access-token.ts'
import { LONGEST_ANSWER_BYTES } from '../limits.ts'
import { readToken, type TokenAnswer } from '../read-token.ts'
import { classifyFault, TransportError } from '../transport-error.ts'
import type { NodeAnswer } from './listen.ts'

/** The error that an HTTP answer in place of a socket says; `undefined` if it says none. */
export async function readRefusal(answer: TokenAnswer): Promise<Error | undefined> {
  const { status } = answer
  if (status >= 300 && status < 400) return new TransportError('redirect', undefined, status)
  return readToken(answer).then(
    () => undefined,
    (error) => error,
  )
}

/**
 * Asks the address of a stream over http, where the platform does not say why a handshake failed: what guards the one
 * guards the other, and says it in words. `undefined` if that is told nothing that a handshake would be told too.
 */
export async function askWhy(
  url: string,
  { value }: AccessToken,
  signal: AbortSignal,
): Promise<Error | undefined> {
  try {
    const headers = { [AUTHORIZATION_HEADER]: `${TOKEN_TYPE} ${value}` }
    const response = await fetch(url.replace('ws', 'http'), { headers, redirect: 'manual', signal })
    if ([401, 403, 429, 500, 503].includes(response.status)) return await readRefusal(response)
    await response.body?.cancel()
    return undefined
  } catch (fault) {
    return signal.aborted ? signal.reason : classifyFault(fault)
  }
}

/** Reads what `ws` hands on of a refused handshake. */
export function readNodeAnswer(response: NodeAnswer): TokenAnswer {
  const decoder = new TextDecoder()
  let text = ''
  response.on('data', (chunk) => {
    if (text.length < LONGEST_ANSWER_BYTES) text += decoder.decode(chunk, { stream: true })
  })
  const body = new Promise<string>((resolve) => {
    for (const type of ['end', 'close', 'error'] as const) response.on(type, () => resolve(text))
  })
  return {
    status: response.statusCode,
    headers: { get: (name) => [response.headers[name.toLowerCase()] ?? null].flat().join(', ') || null },
    text: () => body,
  }
}
