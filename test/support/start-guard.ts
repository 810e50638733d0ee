import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGuard, keySet, type RevocationFeed, revocationFeed } from '@interhuman-auth/guard'
import { findProtectedResource, KEY_SET_PATH } from '@interhuman-auth/protocol'
import { type RunningService, runService } from './start-service.ts'

/** The protected resources of a service behind the guard, in this process, on loopback. */
export interface RunningGuard {
  readonly url: string
  readonly feed: RevocationFeed
  /** Moves the guard's clock on, for the tokens' times alone. */
  advance(seconds: number): void
  close(): Promise<void>
}

/** Starts a guard that takes every kind of token of a service and hears of its revocations; what it opens answers `{}`. */
export async function startGuard(service: RunningService, issuer: string): Promise<RunningGuard> {
  let aheadMs = 0
  const words = ['verifiers', 'create', '--name', 'guard', '--json', '--data-dir', service.dataDir]
  const verifier = JSON.parse((await runService(words)).stdout).verifier_secret
  const feed = revocationFeed({ address: service.url, verifier })
  const protect = createGuard({
    issuer,
    keys: keySet(service.url + KEY_SET_PATH),
    acceptClientTokens: true,
    revocations: feed,
    now: () => Date.now() + aheadMs,
  })
  const server = createServer(async (request, response) => {
    const { method = '', url = '', headersDistinct } = request
    const resource = findProtectedResource(url)
    if (resource === undefined) return void response.writeHead(404).end()
    const get = (name: string) => headersDistinct[name.toLowerCase()]?.join(', ') ?? null
    const decision = await protect({ method, url, headers: { get } }, resource.scope)
    const { status, headers, body } = decision.granted ? GRANTED : decision
    response.writeHead(status, headers).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    feed,
    advance(seconds) {
      aheadMs += seconds * 1000
    },
    async close() {
      feed.close()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const GRANTED = {
  status: 200,
  headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
  body: '{}',
}
