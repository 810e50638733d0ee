import { createGuard, keySet, type RevocationFeed, revocationFeed } from '@interhuman-auth/guard'
import { KEY_SET_PATH, TOKEN_ENDPOINTS, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { afterEach, describe, expect, test } from 'vitest'
import { type RunningService, runService, startService, waitUntil } from './support/start-service.ts'

// Attack 32 with a real node that is paused or killed: what a guard says of a revoked token meanwhile and afterwards.

const ISSUER = 'http://127.0.0.1:4747'
const REVOKED = 'invalidCredentials: key_revoked'
const TOO_OLD = 'unavailable: revocations_unknown'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function start() {
  const service = await startService()
  ends.push(() => service.stop())
  const created = await runService([
    ...['verifiers', 'create', '--name', 'guard', '--json'],
    ...['--data-dir', service.dataDir],
  ])
  const { verifier_secret: verifier } = JSON.parse(created.stdout) as { verifier_secret: string }
  const feed = revocationFeed({ address: service.url, verifier })
  ends.push(() => feed.close())
  const protect = createGuard({ issuer: ISSUER, keys: keySet(service.url + KEY_SET_PATH), revocations: feed })
  const token = await exchange(service)
  const judge = async () => {
    const headers = { Authorization: `Bearer ${token}` }
    const decision = await protect(new Request('http://api.example/', { headers }), UPLOAD_SCOPE)
    return decision.granted ? 'granted' : `${decision.error}: ${decision.reason}`
  }
  expect(await judge()).toBe('granted')
  return { service, feed, judge }
}

async function exchange({ url, keyId, keySecret }: RunningService): Promise<string> {
  const response = await fetch(url + TOKEN_ENDPOINTS.v0, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ key_id: keyId, key_secret: keySecret, scopes: [UPLOAD_SCOPE] }),
  })
  return ((await response.json()) as { access_token: string }).access_token
}

/** Waits for a judgement; from the first one that is no grant on, there must be none again. */
async function comesTo(judge: () => Promise<string>, judgement: string): Promise<void> {
  let refused = false
  let last = ''
  await waitUntil(
    async () => {
      last = await judge()
      if (refused && last === 'granted') throw new Error('it is granted again')
      refused ||= last !== 'granted'
      return last === judgement
    },
    () => `it is ${last}`,
  )
}

const isCalm = (feed: RevocationFeed) => feed.state().connected && !feed.state().degraded

describe('attack 32: a revocation while the node', () => {
  test('is paused: nothing is accepted past the bound, and the revocation is heard when it goes on', async () => {
    const { service, feed, judge } = await start()
    process.kill(service.pid, 'SIGSTOP')
    ends.push(() => process.kill(service.pid, 'SIGCONT'))
    const revoked = await service.keys('revoke', service.keyId)
    expect(revoked.code).toBe(0)
    await comesTo(judge, TOO_OLD)
    process.kill(service.pid, 'SIGCONT')
    await comesTo(judge, REVOKED)
    await waitUntil(
      () => isCalm(feed),
      () => JSON.stringify(feed.state()),
    )
  })

  test('is dead, killed at once: it is heard from the one that comes after it', async () => {
    const { service, feed, judge } = await start()
    await service.kill()
    expect((await service.keys('revoke', service.keyId)).code).toBe(0)
    await comesTo(judge, TOO_OLD)
    const { port } = new URL(service.url)
    const next = await startService({ dataDir: service.dataDir, port: Number(port) })
    ends.push(() => next.stop())
    await comesTo(judge, REVOKED)
    await waitUntil(
      () => isCalm(feed),
      () => JSON.stringify(feed.state()),
    )
  })
})
