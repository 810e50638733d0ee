import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGuard, type Granted, keySet, type Protect } from '@interhuman-auth/guard'
import { KEY_SET_PATH, type Scope, STREAM_SCOPE, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type RunningService, runService, startService } from './support/start-service.ts'

// A browser's token, end to end: the real service issues it, the real guard judges it. Our contract, section 5.

const ISSUER = 'http://127.0.0.1:4747'
const ORIGIN = 'https://app.example.com'
const HANDSHAKE = { Upgrade: 'websocket', Connection: 'Upgrade' }

let service: RunningService
let guard: Protect
let credential: { key_id: string; key_secret: string }

beforeAll(async () => {
  service = await startService()
  guard = createGuard({ issuer: ISSUER, keys: keySet(service.url + KEY_SET_PATH), acceptClientTokens: true })
  credential = { key_id: service.keyId, key_secret: service.keySecret }
})
afterAll(async () => {
  expect(await service.stop()).toBe(0)
})

function post(
  path: string,
  body: object,
  headers: Record<string, string> = {},
  { url }: Pick<RunningService, 'url'> = service,
): Promise<Response> {
  return fetch(url + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

const ask = (body: object = {}) => post('/v1/client_tokens', { ...credential, ...body })
const revoke = (body: object) => post('/v1/client_tokens/revoke', { ...credential, ...body })

interface Issued {
  readonly access_token: string
  readonly token_id: string
  readonly expires_in: number
  readonly expires_at: number
}
async function issue(body: object = {}): Promise<Issued> {
  const response = await ask(body)
  expect(response.status).toBe(200)
  return (await response.json()) as Issued
}

/** What a real guard says of a handshake with the token in the subprotocol, as a browser sends it. */
function judge(token: string, headers: Record<string, string> = {}, scope: Scope = STREAM_SCOPE) {
  return guard(
    {
      method: 'GET',
      url: '/v1/stream/analyze',
      headers: new Headers({
        ...HANDSHAKE,
        'Sec-WebSocket-Protocol': `access_token, ${token}`,
        ...headers,
      }),
    },
    scope,
  )
}

/** What the store holds of revocations: rows, and audit entries. */
function readStore({ dataDir }: Pick<RunningService, 'dataDir'> = service): {
  revoked: string[]
  audit: { subject: string; actor: string; detail: string }[]
} {
  const db = new Database(`${dataDir}/interhuman-auth.db`, { readonly: true })
  try {
    return {
      revoked: db.prepare('select token_id from revoked_tokens').pluck().all() as string[],
      audit: db
        .prepare("select subject, actor, detail from audit where action = 'client_token.revoke'")
        .all() as { subject: string; actor: string; detail: string }[],
    }
  } finally {
    db.close()
  }
}

describe('a client token', () => {
  test('comes with the fields of the exchange first, then what it is and the caps in force', async () => {
    const response = await ask()
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('access-control-allow-origin')).toBeNull()
    expect(await response.text()).toMatch(
      /^\{"access_token":"[\w-]+\.[\w-]+\.[\w-]+","token_type":"Bearer","expires_in":300,"scope":"interhumanai\.stream","token_id":"ihct_\w+","expires_at":\d{10},"max_concurrent":1\}$/,
    )
  })

  test('is granted by a guard for 300 s and the stream, unless told otherwise', async () => {
    const issued = await issue()
    const decision = (await judge(issued.access_token)) as Granted
    expect(decision).toMatchObject({ granted: true, caps: { maxConcurrent: 1 } })
    expect(decision.claims).toMatchObject({
      iss: ISSUER,
      aud: ISSUER,
      sub: service.keyId,
      client_id: service.keyId,
      scope: STREAM_SCOPE,
      gen: 1,
      jti: issued.token_id,
      exp: issued.expires_at,
      iat: issued.expires_at - 300,
    })
    expect(await judge(issued.access_token, {}, UPLOAD_SCOPE)).toMatchObject({
      error: 'insufficientScope',
    })
  })

  test('carries every cap that was asked for to whoever serves the request', async () => {
    const caps = { max_duration_seconds: 600, max_bytes: 1_000_000, max_concurrent: 3, max_video_seconds: 90 }
    const asked = { ...caps, allowed_origins: [ORIGIN, 'http://127.0.0.1:5173', ORIGIN] }
    const issued = await issue({ ...asked, scopes: [UPLOAD_SCOPE, STREAM_SCOPE], expires_in: 3600 })
    const inForce = { ...caps, allowed_origins: [ORIGIN, 'http://127.0.0.1:5173'] }
    expect(issued).toMatchObject({ ...inForce, expires_in: 3600, scope: `${UPLOAD_SCOPE} ${STREAM_SCOPE}` })
    expect(await judge(issued.access_token, { Origin: ORIGIN }, UPLOAD_SCOPE)).toMatchObject({
      granted: true,
      caps: {
        maxDurationSeconds: 600,
        maxBytes: 1_000_000,
        maxConcurrent: 3,
        maxVideoSeconds: 90,
        allowedOrigins: inForce.allowed_origins,
      },
    })
  })

  test('that names origins is good from those pages only, and from no program that says none', async () => {
    const { access_token: token } = await issue({ allowed_origins: [ORIGIN] })
    expect(await judge(token, { Origin: ORIGIN })).toHaveProperty('granted', true)
    for (const headers of [
      {},
      { Origin: 'null' },
      { Origin: `${ORIGIN}:443` },
      { Origin: 'https://evil.example' },
    ])
      expect(await judge(token, headers)).toMatchObject({ granted: false, error: 'clientTokenInvalid' })
  })

  test('is asked for with the key as one string as well, also within the overlap of a rotation', async () => {
    const key = await service.createKey({ scopes: [STREAM_SCOPE] })
    expect((await service.keys('rotate', key.keyId)).code).toBe(0)
    const response = await post('/v1/client_tokens', { api_key: key.keySecret })
    expect(response.status).toBe(200)
    const { access_token: token } = (await response.json()) as Issued
    expect(await judge(token)).toMatchObject({ granted: true, claims: { sub: key.keyId } })
    expect((await service.keys('revoke', key.keyId)).code).toBe(0)
    expect((await post('/v1/client_tokens', { api_key: key.keySecret })).status).toBe(401)
  })

  test.each([
    [undefined, 300],
    [0, 60],
    [-1e300, 60],
    [59, 60],
    [60, 60],
    [90.9, 90],
    [3600, 3600],
    [3601, 3600],
    [1e300, 3600],
  ])('of %j seconds lives the nearest that there is, and is never refused', async (expires_in, seconds) => {
    const issued = await issue({ expires_in })
    expect(issued.expires_in).toBe(seconds)
    const { claims } = (await judge(issued.access_token)) as Granted
    expect(claims.exp - claims.iat).toBe(seconds)
  })

  test('writes no row, however many are issued', async () => {
    const rows = () => {
      const db = new Database(`${service.dataDir}/interhuman-auth.db`, { readonly: true })
      const tables = ['api_keys', 'signing_keys', 'revoked_tokens', 'audit', 'settings']
      const counts = tables.map((table) => db.prepare(`select count(*) from ${table}`).pluck().get())
      db.close()
      return counts
    }
    const before = rows()
    await Promise.all(Array.from({ length: 20 }, () => issue()))
    expect(rows()).toEqual(before)
  })

  test('attack 28: can never make another, nor an access token, nor revoke one', async () => {
    const issued = await issue()
    const exchanged = await post('/v0/auth', { ...credential, scopes: [STREAM_SCOPE] })
    const { access_token: accessToken } = (await exchanged.json()) as Issued
    for (const token of [issued.access_token, accessToken]) {
      const bearer = { Authorization: `Bearer ${token}` }
      for (const as of [{ api_key: token }, { ...credential, key_secret: token }]) {
        expect((await post('/v1/client_tokens', as)).status).toBe(401)
        expect((await post('/v1/client_tokens/revoke', { ...as, token })).status).toBe(401)
      }
      expect((await post('/v1/client_tokens', {}, bearer)).status).toBe(400)
      const exchange = { key_id: service.keyId, key_secret: token, scopes: [STREAM_SCOPE] }
      expect((await post('/v1/auth', exchange)).status).toBe(401)
    }
  })
})

describe('a revocation', () => {
  test('by the token or by its id is 200, written once with one audit row, though issuing wrote none', async () => {
    const [one, other] = [await issue(), await issue({ expires_in: 60 })]
    for (const named of [
      { token: one.access_token },
      { token_id: one.token_id },
      { token_id: other.token_id },
      { token: other.access_token },
    ]) {
      const response = await revoke(named)
      expect(response.status).toBe(200)
      expect(response.headers.get('cache-control')).toBe('no-store')
      expect(await response.text()).toBe('{}')
    }
    const { revoked, audit } = readStore()
    expect(revoked.sort()).toEqual([one.token_id, other.token_id].sort())
    for (const { token_id, expires_at } of [one, other])
      expect(audit.filter(({ subject }) => subject === token_id)).toEqual([
        {
          subject: token_id,
          actor: `key:${service.keyId}`,
          detail: JSON.stringify({ key_id: service.keyId, expires_at }),
        },
      ])
  })

  test('of a token that was issued before a restart and with another signing key counts still', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'interhuman-auth-test-'))
    onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
    const ids: string[] = []
    for (const start of [0, 1]) {
      const restarted = await startService({ dataDir })
      if (start === 1) await runService(['signing-keys', 'rotate', '--now', '--data-dir', dataDir])
      const send = (path: string, body: object = {}) => {
        const key = { key_id: restarted.keyId, key_secret: restarted.keySecret }
        return post(path, { ...key, ...body }, {}, restarted)
      }
      const [before] = ids
      if (before !== undefined) await send('/v1/client_tokens/revoke', { token_id: before })
      ids.push(((await (await send('/v1/client_tokens')).json()) as Issued).token_id)
      expect(await restarted.stop()).toBe(0)
    }
    expect(readStore({ dataDir }).revoked).toEqual(ids.slice(0, 1))
  })

  test('attack 30: touches no token of another key, and nobody is told', async () => {
    const { access_token: token, token_id } = await issue()
    const other = await service.createKey({ scopes: [STREAM_SCOPE] })
    const stranger = { key_id: other.keyId, key_secret: other.keySecret }
    const before = readStore()
    for (const named of [{ token }, { token_id }]) {
      const response = await post('/v1/client_tokens/revoke', { ...stranger, ...named })
      expect([response.status, await response.text()]).toEqual([200, '{}'])
    }
    expect(readStore()).toEqual(before)
  })

  test('of what was never issued, or of one whose time is over, is 200 and writes nothing', async () => {
    const exchanged = await post('/v0/auth', { ...credential, scopes: [STREAM_SCOPE] })
    const { access_token: accessToken } = (await exchanged.json()) as Issued
    const { token_id } = await issue()
    const before = readStore()
    const part = token_id.split('_')
    for (const named of [
      { token: accessToken },
      { token: 'LEAK' },
      { token: 'a.b.c' },
      { token: `e30.${Buffer.from('null').toString('base64url')}.e30` },
      { token_id: 'LEAK' },
      { token_id: `${token_id} ` },
      { token_id: token_id.toUpperCase() },
      { token_id: "' or 1=1 --" },
      { token_id: ['ihct', part[1], '1700000000', ...part.slice(3)].join('_') },
      { token_id: ['ihct', part[1], part[2], 'A'.repeat(22), part[4]].join('_') },
      { token_id: part.slice(0, 4).join('_') },
    ]) {
      const response = await revoke(named)
      expect([named, response.status, await response.text()]).toEqual([named, 200, '{}'])
    }
    expect(readStore()).toEqual(before)
  })
})
