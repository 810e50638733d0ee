import type { RequestListener } from 'node:http'
import { afterEach } from 'vitest'
import { keySet } from '../../src/key-set.ts'
import type { SigningFixture } from './signing.ts'
import { type RunningServer, startServer } from './start-server.ts'

/** Writes a key set. */
export const body = (...fixtures: SigningFixture[]) =>
  JSON.stringify({ keys: fixtures.map(({ jwk }) => jwk) })

/** Long enough for a good answer on a busy machine. */
export const HANG_MS = 1_500

const servers: RunningServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()))
})

/** A key set behind a real socket, whose answer a test can change, and a clock that a test can turn. */
export async function startKeySet(answer: { listener: RequestListener }, timeoutMs = 5_000) {
  const seen = { requests: 0, clock: 1_000_000 }
  const server = await startServer((request, response) => {
    seen.requests += 1
    answer.listener(request, response)
  })
  servers.push(server)
  const keys = keySet(`${server.url}/.well-known/jwks.json`, { timeoutMs, now: () => seen.clock })
  return { keys, seen, server }
}

/** Answers with a text. */
export const says =
  (text: string, headers: Record<string, string> = { 'Cache-Control': 'max-age=300' }): RequestListener =>
  (_request, response) =>
    response.writeHead(200, { 'Content-Type': 'application/json', ...headers }).end(text)
/** Answers with a failure. */
export const fails: RequestListener = (_request, response) => response.writeHead(500).end('LEAK')
