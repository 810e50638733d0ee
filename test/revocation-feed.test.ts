import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createGuard,
  introspection,
  keySet,
  type Protect,
  type RevocationFeed,
  revocationFeed,
} from '@interhuman-auth/guard'
import { ADMIN_PATHS, KEY_SET_PATH, TOKEN_ENDPOINTS, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  parseLogs,
  type RunningService,
  runService,
  startService,
  waitUntil,
} from './support/start-service.ts'

// A revocation end to end: the real service writes it, the real guard hears of it. Our contract, sections 3, 4 and 6.

const dataDir = mkdtempSync(join(tmpdir(), 'interhuman-auth-feed-'))
const ISSUER = 'http://127.0.0.1:4747'

let service: RunningService
let adminUrl: string
let adminToken: string
let verifier: { verifier_id: string; verifier_secret: string }
let feed: RevocationFeed
let protect: ReturnType<typeof createTestGuard>
const uses: string[] = []

beforeAll(async () => {
  service = await startService({ dataDir, args: ['--admin-port', '0'] })
  adminUrl = findAdminUrl()
  const words = ['admin-tokens', 'create', '--name', 'test', '--json', '--data-dir', dataDir]
  adminToken = JSON.parse((await runService(words)).stdout).admin_token
  verifier = await createVerifier('guard')
  feed = revocationFeed({ address: service.url, verifier: verifier.verifier_secret })
  protect = createTestGuard(feed)
})
afterAll(async () => {
  feed.close()
  expect(await service.stop()).toBe(0)
  rmSync(dataDir, { recursive: true, force: true })
})

const findAdminUrl = () => String(parseLogs(service.logs()).find(({ event }) => event === 'listening')?.admin)

/** What the operator changes; `path` is below that of `resource`. */
async function change<Result>(
  resource: string,
  path: string,
  body: object = {},
  method = 'POST',
): Promise<Result> {
  const response = await fetch(adminUrl + resource + path, {
    method,
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${adminToken}` },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${resource}${path} was answered with ${response.status}`)
  return (await response.json()) as Result
}

function createTestGuard(revocations: RevocationFeed) {
  const asking = introspection({ address: service.url, verifier: verifier.verifier_secret, revocations })
  return createGuard({
    issuer: ISSUER,
    keys: keySet(service.url + KEY_SET_PATH),
    acceptClientTokens: true,
    revocations,
    introspection: asking,
    acceptDirectKeys: true,
    onDirectUse: ({ keyId }) => uses.push(keyId),
  })
}

async function post(path: string, body: object): Promise<Record<string, string>> {
  const response = await fetch(service.url + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(response.status).toBe(200)
  return (await response.json()) as Record<string, string>
}

async function exchange(key: { key_id: string; key_secret: string } = firstKey()): Promise<string> {
  return (await post(TOKEN_ENDPOINTS.v0, { ...key, scopes: [UPLOAD_SCOPE] })).access_token ?? ''
}

const firstKey = () => ({ key_id: service.keyId, key_secret: service.keySecret })

const createKey = (direct = false) =>
  change<{ key_id: string; key_secret: string }>(ADMIN_PATHS.keys, '', {
    name: 'test',
    scopes: [UPLOAD_SCOPE],
    direct,
  })
const createVerifier = (name: string) => change<typeof verifier>(ADMIN_PATHS.verifiers, '', { name })

const credentialOf = ({ key_id, key_secret }: { key_id: string; key_secret: string }) => ({
  key_id,
  key_secret,
})

/** What the guard says of a credential: `granted`, or why not. */
async function judge(credential: string, asked: Protect<unknown> = protect): Promise<string> {
  const headers = { Authorization: `Bearer ${credential}` }
  const decision = await asked(new Request('http://api.example/v0/upload/analyze', { headers }), UPLOAD_SCOPE)
  return decision.granted ? 'granted' : `${decision.error}: ${decision.reason}`
}

async function comesTo(credential: string, judgement: string, asked?: Protect<unknown>): Promise<void> {
  let last = ''
  await waitUntil(
    async () => {
      last = await judge(credential, asked)
      return last === judgement
    },
    () => `it is ${last} and not ${judgement}`,
  )
}

describe('a guard that hears the feed', () => {
  test('attack 33: refuses the tokens of a key that was revoked, whatever their kind, and those of no other', async () => {
    const key = await createKey()
    const client = await post('/v1/client_tokens', { ...credentialOf(key), scopes: [UPLOAD_SCOPE] })
    const [token, other] = [await exchange(credentialOf(key)), await exchange()]
    for (const good of [token, other, client.access_token ?? '']) expect(await judge(good)).toBe('granted')
    await change(ADMIN_PATHS.keys, `/${key.key_id}/revoke`)
    await comesTo(token, 'invalidCredentials: key_revoked')
    expect(await judge(client.access_token ?? '')).toBe('clientTokenRevoked: key_revoked')
    expect(await judge(other)).toBe('granted')
  })

  test('refuses a client token that was revoked by its id, and the key goes on', async () => {
    const one = await post('/v1/client_tokens', { ...firstKey(), scopes: [UPLOAD_SCOPE] })
    const two = await post('/v1/client_tokens', { ...firstKey(), scopes: [UPLOAD_SCOPE] })
    expect(await judge(one.access_token ?? '')).toBe('granted')
    await post('/v1/client_tokens/revoke', { ...firstKey(), token_id: one.token_id })
    await comesTo(one.access_token ?? '', 'clientTokenRevoked: token_revoked')
    expect(await judge(two.access_token ?? '')).toBe('granted')
  })

  test('attack 21: refuses what was issued before the scopes of its key were cut', async () => {
    const before = await exchange()
    expect(await judge(before)).toBe('granted')
    await change(ADMIN_PATHS.keys, `/${service.keyId}`, { scopes: [UPLOAD_SCOPE] }, 'PATCH')
    await comesTo(before, 'invalidCredentials: key_revoked')
    expect(await judge(await exchange())).toBe('granted')
  })

  test('takes an API key itself only if it may be used so, and refuses it as soon as it is revoked', async () => {
    expect(await judge(service.keySecret)).toBe('invalidCredentials: direct_key_inactive')
    const key = await createKey(true)
    expect(await judge(key.key_secret)).toBe('granted')
    expect(await judge(key.key_secret)).toBe('granted')
    expect(uses).toEqual([key.key_id, key.key_id])
    await change(ADMIN_PATHS.keys, `/${key.key_id}/revoke`)
    await comesTo(key.key_secret, 'invalidCredentials: direct_key_inactive')
  })

  test('attack 15: refuses what was signed by a key that is lost, and takes what is signed by the next one', async () => {
    const token = await exchange()
    expect(await judge(token)).toBe('granted')
    const [header = ''] = token.split('.')
    const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string }
    await change(ADMIN_PATHS.signingKeys, `/${kid}/revoke`)
    await comesTo(token, 'invalidCredentials: signing_key_revoked')
    expect(await judge(await exchange())).toBe('granted')
  })

  test('acknowledges what it has applied', async () => {
    await waitUntil(
      () => feed.state().acknowledgedId === feed.state().lastEventId,
      () => JSON.stringify(feed.state()),
    )
    expect(feed.state()).toMatchObject({ connected: true, degraded: false, detail: undefined })
  })

  test('attack 32: that lost its verifier is cut off, says so, and refuses when what it knows is too old', async () => {
    const token = await exchange()
    const clock = { ms: 0 }
    const { verifier_id, verifier_secret } = await createVerifier('lost')
    const lost = revocationFeed({
      address: service.url,
      verifier: verifier_secret,
      monotonicNow: () => performance.now() + clock.ms,
    })
    try {
      await lost.started
      expect(lost.state()).toMatchObject({ connected: true, degraded: false })
      await change(ADMIN_PATHS.verifiers, `/${verifier_id}/revoke`)
      await waitUntil(
        () => lost.state().detail === 'the feed answered with status 401',
        () => JSON.stringify(lost.state()),
      )
      clock.ms += 5_000
      expect(lost.state()).toMatchObject({ connected: false, degraded: true })
      const cutOff = createTestGuard(lost)
      const headers = { Authorization: `Bearer ${token}` }
      expect(await cutOff(new Request('http://api.example/', { headers }), UPLOAD_SCOPE)).toMatchObject({
        status: 503,
        reason: 'revocations_unknown',
      })
    } finally {
      lost.close()
    }
  })
})

test('a guard without a key proves the tokens of HS256 by asking the service, and hears of their end', async () => {
  expect(await service.stop()).toBe(0)
  const env = { INTERHUMAN_AUTH_ALGORITHM: 'HS256' }
  service = await startService({ dataDir, env, args: ['--admin-port', '0'] })
  adminUrl = findAdminUrl()
  const target = { address: service.url, verifier: verifier.verifier_secret }
  const revocations = revocationFeed(target)
  try {
    await revocations.started
    const asking = introspection({ ...target, revocations })
    const asks = createGuard({ issuer: ISSUER, introspection: asking, acceptClientTokens: true, revocations })
    const key = credentialOf(await createKey())
    const token = await exchange(key)
    const client = await post('/v1/client_tokens', { ...key, scopes: [UPLOAD_SCOPE] })
    const forged = `${token.slice(0, -20)}LEAKLEAK${token.slice(-12)}`
    expect(await judge(token, asks)).toBe('granted')
    expect(await judge(client.access_token ?? '', asks)).toBe('granted')
    expect(await judge(forged, asks)).toBe('invalidCredentials: introspection_inactive')
    await change(ADMIN_PATHS.keys, `/${key.key_id}/revoke`)
    await comesTo(token, 'invalidCredentials: introspection_inactive', asks)
    expect(await judge(client.access_token ?? '', asks)).toMatch(/^clientToken(?:Invalid|Revoked): /)
  } finally {
    revocations.close()
  }
})
