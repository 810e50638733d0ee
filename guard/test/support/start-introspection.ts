import type { IncomingMessage, ServerResponse } from 'node:http'
import { API_KEY_TOKEN_TYPE } from '@interhuman-auth/protocol'
import { afterEach } from 'vitest'
import { type IntrospectionOptions, introspection } from '../../src/introspection.ts'
import { ISSUER, NOW } from './signing.ts'
import { VERIFIER } from './start-feed.ts'
import { startServer } from './start-server.ts'

export const KEY_ID = 'ihk_00000000000000000001'
/** An API key itself. */
export const SECRET = `ih_live_${'LEAK'.repeat(12)}0`

/** What introspection says of {@link SECRET}. */
export const active = {
  active: true,
  token_type: API_KEY_TOKEN_TYPE,
  scope: 'interhumanai.upload',
  client_id: KEY_ID,
  sub: KEY_ID,
  gen: 3,
  iss: ISSUER,
  aud: ISSUER,
}

const running: { stop: () => unknown }[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map(({ stop }) => stop()))
})

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** Answers with a body. */
export const says =
  (body: unknown, status = 200): Answer =>
  (_request, response) =>
    void response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body))

/** Introspection at a socket whose answer a test can change, and clocks that a test can turn. */
export async function startIntrospection(
  answer: Answer = says(active),
  options: Partial<IntrospectionOptions> = {},
) {
  const served = { answer }
  const clock = { ms: 0 }
  const asked: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] = []
  const server = await startServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { method = '', url = '', headers } = request
    asked.push({ method, url, headers, body })
    served.answer(request, response)
  })
  running.push(server)
  const asking = introspection({
    address: server.url,
    verifier: VERIFIER,
    now: () => NOW * 1000 + clock.ms,
    monotonicNow: () => clock.ms,
    ...options,
  })
  return { introspection: asking, ask: asking.ask, served, clock, asked, server }
}
