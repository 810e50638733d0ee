import { join } from 'node:path'
import { SCOPES, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { formatRequest, sendRaw } from '../../../../test/support/raw-http.ts'
import { parseLogs } from '../../../../test/support/start-service.ts'
import { ADMIN_OPERATIONS, type AdminService, ask, startAdminService } from '../../support/admin-api.ts'

// The operator's API of a running service, as docs/openapi.json describes it (our contract, section 10).

let admin: AdminService
beforeAll(async () => {
  admin = await startAdminService('--failures-per-minute', '0')
})
afterAll(async () => {
  expect(await admin.service.stop()).toBe(0)
})

const send = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
  ask(admin.url, method, `/admin/v1${path}`, { token: admin.token, body, headers })

async function statusOf(keyId: string, keySecret: string, scopes: readonly string[] = [UPLOAD_SCOPE]) {
  const body = JSON.stringify({ key_id: keyId, key_secret: keySecret, scopes })
  const sent = await sendRaw(admin.service.url, formatRequest('/v0/auth', body), { count: 1 })
  return sent.responses[0]?.status
}

async function create(rest: object = {}) {
  const { status, body } = await send('POST', '/keys', { name: 'worker', scopes: SCOPES, ...rest })
  expect(status).toBe(201)
  return body
}

describe('attack 63: every operation of the document, with', () => {
  const NO_ID = {
    key_id: 'ihk_00000000000000000000',
    token_id: 'ihct_none',
    verifier_id: 'ihvr_00000000000000000000',
    admin_token_id: 'ihat_00000000000000000000',
    kid: 'none',
  }
  const pathOf = (path: string) => path.replace(/\{(\w+)\}/g, (_, name: keyof typeof NO_ID) => NO_ID[name])

  async function credentials(): Promise<Record<string, string | undefined>> {
    const revoked = await admin.command('admin-tokens', 'create', '--name', 'revoked')
    await admin.command('admin-tokens', 'revoke', String(revoked.admin_token_id))
    const expired = await admin.command('admin-tokens', 'create', '--name', 'expired')
    const database = new Database(join(admin.service.dataDir, 'interhuman-auth.db'))
    database
      .prepare('update admin_tokens set created_at = 1, expires_at = 2 where admin_token_id = ?')
      .run(expired.admin_token_id)
    database.close()
    const key = await create({ direct: true })
    const verifier = await send('POST', '/verifiers', { name: 'gateway' })
    return {
      none: undefined,
      'an API key that may be used directly': key.key_secret,
      'a verifier': verifier.body.verifier_secret,
      'a revoked admin token': String(revoked.admin_token),
      'an expired admin token': String(expired.admin_token),
      'a token with another last letter': admin.token.slice(0, -1) + (admin.token.endsWith('a') ? 'b' : 'a'),
    }
  }

  test('anything but a living admin token: 401 with a challenge, nothing is told and nothing done', async () => {
    const before = (await send('GET', '/audit?limit=1')).body.entries[0].id
    const all = await credentials()
    const made = (await send('GET', '/audit?limit=1')).body.entries[0].id
    expect(made).toBeGreaterThan(before)
    for (const [name, token] of Object.entries(all))
      for (const { method, path, changes } of ADMIN_OPERATIONS) {
        const body = changes ? { name: 'LEAK', scopes: SCOPES } : undefined
        const answer = await ask(admin.url, method, pathOf(path), { token, body })
        expect([name, path, answer.status]).toEqual([name, path, 401])
        expect(answer.body.error_id).toBe(token === undefined ? 'ih2002' : 'ih2001')
        expect(answer.headers.get('www-authenticate')).toBe(
          token === undefined ? 'Bearer' : 'Bearer error="invalid_token"',
        )
        expect(answer.headers.get('cache-control')).toBe('no-store')
        expect(answer.headers.get('access-control-allow-origin')).toBeNull()
      }
    expect((await send('GET', '/audit?limit=1')).body.entries[0].id).toBe(made)
  })

  test('a living one, an id that names nothing: 404, and any other method is 405', async () => {
    for (const { id, method, path } of ADMIN_OPERATIONS) {
      const body = id === 'changeKey' ? { name: 'n' } : method === 'GET' ? undefined : {}
      if (path.includes('{'))
        expect([id, await ask(admin.url, method, pathOf(path), { token: admin.token, body })]).toMatchObject([
          id,
          { status: 404, body: { error_id: 'ia9040' } },
        ])
      for (const other of ['DELETE', 'PUT'])
        expect((await ask(admin.url, other, pathOf(path), { token: admin.token })).status).toBe(405)
    }
  })

  test('the admin token in a query, a cookie or a body: 400 or 401', async () => {
    const path = '/admin/v1/keys'
    expect((await ask(admin.url, 'GET', `${path}?access_token=${admin.token}`, {})).body.error_id).toBe(
      'ia9006',
    )
    expect((await ask(admin.url, 'GET', `${path}?search=${admin.token}`, {})).body.error_id).toBe('ia9006')
    const cookie = { headers: { Cookie: `session=${admin.token}` } }
    expect((await ask(admin.url, 'GET', path, cookie)).status).toBe(401)
    expect((await ask(admin.url, 'POST', path, { body: { admin_token: admin.token } })).status).toBe(401)
  })

  test('a living one, on the public address: there is nothing', async () => {
    for (const { method, path } of ADMIN_OPERATIONS) {
      const body = method === 'GET' ? undefined : {}
      const answer = await ask(admin.service.url, method, pathOf(path), { token: admin.token, body })
      expect([path, answer.status]).toEqual([path, 404])
    }
  })
})

test('a path with its parameters as the document writes them, in braces, is no path: 404 on both addresses', async () => {
  for (const { method, path } of ADMIN_OPERATIONS.filter((operation) => operation.path.includes('{')))
    for (const url of [admin.url, admin.service.url]) {
      const headers = [`Authorization: Bearer ${admin.token}`]
      const request = formatRequest(path, method === 'GET' ? '' : '{}', { method, headers })
      const sent = await sendRaw(url, request, { count: 1 })
      const [answer] = sent.responses
      expect([method, path, answer?.status]).toEqual([method, path, 404])
      expect(JSON.parse(answer?.body ?? '')).toMatchObject({ error_id: 'ia9009' })
    }
})

test('each operation does its work, and its answer is as the document has it', async () => {
  const key = await create({ expires_at: '2099-01-31T12:00:00+01:00' })
  const id = `/keys/${key.key_id}`
  const verifier = (await send('POST', '/verifiers', { name: 'gateway' })).body
  const token = await admin.command('admin-tokens', 'create', '--name', 'other')
  const credential = { key_id: key.key_id, key_secret: key.key_secret }
  const issued = await ask(admin.service.url, 'POST', '/v1/client_tokens', { body: credential })
  const lost = (await send('GET', '/signing-keys')).body.signing_keys[0].kid
  const steps: readonly (readonly [string, string, string, unknown?])[] = [
    ['createKey', 'POST', '/keys', { name: 'another', scopes: [UPLOAD_SCOPE], direct: true }],
    ['listKeys', 'GET', '/keys?limit=1&state=active&search=WORK'],
    [
      'changeKey',
      'PATCH',
      id,
      { name: 'renamed', state: 'disabled', scopes: [UPLOAD_SCOPE], expires_at: null },
    ],
    ['changeKey', 'PATCH', id, { state: 'active', direct: true }],
    ['rotateKey', 'POST', `${id}/rotate`, { overlap_seconds: 60 }],
    ['readKey', 'GET', id],
    ['endKeyOverlap', 'POST', `${id}/end-overlap`, { force: true }],
    ['expireKey', 'POST', `${id}/expire`],
    ['revokeKey', 'POST', `${id}/revoke`],
    ['createVerifier', 'POST', '/verifiers', { name: 'another' }],
    ['listVerifiers', 'GET', '/verifiers'],
    ['rotateVerifier', 'POST', `/verifiers/${verifier.verifier_id}/rotate`],
    ['revokeVerifier', 'POST', `/verifiers/${verifier.verifier_id}/revoke`],
    ['revokeClientTokenById', 'POST', `/client-tokens/${issued.body.token_id}/revoke`],
    ['listClientTokens', 'GET', '/client-tokens'],
    ['listAdminTokens', 'GET', '/admin-tokens'],
    ['revokeAdminToken', 'POST', `/admin-tokens/${token.admin_token_id}/revoke`],
    ['rotateSigningKeys', 'POST', '/signing-keys/rotate', { now: true }],
    ['loseSigningKey', 'POST', `/signing-keys/${lost}/revoke`],
    ['listSigningKeys', 'GET', '/signing-keys'],
    ['listAudit', 'GET', `/audit?subject=${key.key_id}`],
    ['listUsage', 'GET', `/usage?key=${key.key_id}`],
  ]
  expect(new Set(steps.map(([operation]) => operation))).toEqual(
    new Set(ADMIN_OPERATIONS.map((one) => one.id)),
  )
  for (const [name, method, path, body] of steps) {
    const described = ADMIN_OPERATIONS.find((operation) => operation.id === name)
    const answer = await send(method, path, body)
    expect([name, answer.status, answer.text]).toEqual([name, described?.status, answer.text])
    described?.checkAnswer(answer.body)
  }
  const entries = (await send('GET', `/audit?subject=${key.key_id}`)).body.entries
  expect(entries.map(({ action }: { action: string }) => action)).toEqual([
    'key.revoke',
    'key.change',
    'key.end_overlap',
    'key.rotate',
    'key.change',
    'key.change',
    'key.create',
  ])
  for (const { actor, origin } of entries)
    expect([actor, origin]).toEqual([`admin:${admin.tokenId} of a test`, '127.0.0.1'])
  expect(entries[1]).toMatchObject({ before: { expires_at: null } })
})

test('what is changed holds on the very next request', async () => {
  const { key_id, key_secret } = await create()
  const path = `/keys/${key_id}`
  expect(await statusOf(key_id, key_secret, SCOPES)).toBe(200)
  await send('PATCH', path, { scopes: [UPLOAD_SCOPE] })
  expect(await statusOf(key_id, key_secret, SCOPES)).toBe(403)
  await send('PATCH', path, { state: 'disabled' })
  expect(await statusOf(key_id, key_secret)).toBe(401)
  await send('PATCH', path, { state: 'active' })
  expect(await statusOf(key_id, key_secret)).toBe(200)
  await send('POST', `${path}/expire`)
  expect(await statusOf(key_id, key_secret)).toBe(401)
  await send('PATCH', path, { expires_at: null })
  expect(await statusOf(key_id, key_secret)).toBe(200)
  await send('POST', `${path}/revoke`)
  expect(await statusOf(key_id, key_secret)).toBe(401)
  const other = (await admin.command('admin-tokens', 'create', '--name', 'other')) as Record<string, string>
  const list = () => ask(admin.url, 'GET', '/admin/v1/keys', { token: other.admin_token })
  expect((await list()).status).toBe(200)
  await send('POST', `/admin-tokens/${other.admin_token_id}/revoke`)
  expect((await list()).status).toBe(401)
  expect((await admin.command('admin-tokens', 'list')).admin_tokens).toContainEqual(
    expect.objectContaining({ admin_token_id: other.admin_token_id, name: 'other', state: 'revoked' }),
  )
})

test('the log says who asked, for what and of which key, and not what was asked', async () => {
  const { key_id } = await create({ name: 'LEAK in a body' })
  await send('GET', `/keys/${key_id}`)
  await send('GET', '/keys?search=LEAK-in-a-query', undefined, { 'X-Client-Request-Id': 'the-last-of-three' })
  await admin.service.waitForLogs((logs) => logs.includes('the-last-of-three'))
  const line = parseLogs(admin.service.logs()).findLast(({ route }) => route === '/admin/v1/keys/{key_id}')
  expect(line).toMatchObject({
    actor: `admin:${admin.tokenId} of a test`,
    key_id,
    method: 'GET',
    status: 200,
  })
  expect(admin.service.logs()).not.toContain('LEAK')
})

test('attack 64: a secret is in the one answer of the request that made it, and in none after it', async () => {
  const repeatable = { 'Idempotency-Key': 'a6ff4d1e' }
  const asked = { name: 'once', scopes: [UPLOAD_SCOPE] }
  const [first, again] = [
    await send('POST', '/keys', asked, repeatable),
    await send('POST', '/keys', asked, repeatable),
  ]
  const { key_secret: secret, ...rest } = first.body
  expect(Object.keys(first.body).slice(0, 2)).toEqual(['key_id', 'key_secret'])
  expect(again.body).toEqual({ ...rest, secret_already_shown: true })
  expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 'true'])
  expect(await statusOf(rest.key_id, secret)).toBe(200)
  const rotation = { 'Idempotency-Key': 'rotation' }
  const path = `/keys/${rest.key_id}`
  const rotated = (await send('POST', `${path}/rotate`, {}, rotation)).body.key_secret
  expect((await send('POST', `${path}/rotate`, {}, rotation)).body).toMatchObject({
    secret_already_shown: true,
  })
  const seen = [await send('GET', path), await send('GET', '/keys?search=once'), await send('GET', '/audit')]
  const file = new Database(join(admin.service.dataDir, 'interhuman-auth.db'), { readonly: true })
  const kept = file.prepare('select outcome from idempotency').pluck().all() as string[]
  file.close()
  for (const text of [...seen.map((answer) => answer.text), ...kept, admin.service.logs()])
    for (const leaked of [secret, rotated, admin.token]) expect(text).not.toContain(leaked.slice(8, 40))
})

test('an idempotency key with another request is 422, with another token it is another key, and a refusal keeps none', async () => {
  const key = await create()
  const headers = { 'Idempotency-Key': 'one' }
  const asked = { name: 'a', scopes: [UPLOAD_SCOPE] }
  expect((await send('POST', '/keys', asked, headers)).status).toBe(201)
  for (const [path, body] of [
    ['/keys', { ...asked, name: 'b' }],
    ['/verifiers', { name: 'a' }],
    [`/keys/${key.key_id}/revoke`, {}],
  ] as const)
    expect(await send('POST', path, body, headers)).toMatchObject({
      status: 422,
      body: { error_id: 'ia9047' },
    })
  const other = await admin.command('admin-tokens', 'create', '--name', 'other')
  const options = { token: String(other.admin_token), body: asked, headers }
  expect((await ask(admin.url, 'POST', '/admin/v1/keys', options)).body.key_secret).toBeDefined()
  const end = () => send('POST', `/keys/${key.key_id}/end-overlap`, {}, { 'Idempotency-Key': 'later' })
  expect(await end()).toMatchObject({ status: 409, body: { error_id: 'ia9043' } })
  await send('POST', `/keys/${key.key_id}/rotate`)
  expect((await end()).status).toBe(200)
  for (const bad of ['a b', 'a'.repeat(256), 'ä'])
    expect((await send('POST', '/keys', asked, { 'Idempotency-Key': bad })).body.error_id).toBe('ia9046')
})

test('the same request many times at once makes one key, and each answer names it', async () => {
  const asked = { name: 'at once', scopes: [UPLOAD_SCOPE] }
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => send('POST', '/keys', asked, { 'Idempotency-Key': 'at-once' })),
  )
  expect(new Set(answers.map(({ status, body }) => `${status} ${body.key_id}`)).size).toBe(1)
  expect(answers.filter(({ body }) => body.key_secret !== undefined)).toHaveLength(1)
  expect((await send('GET', '/keys?search=at%20once')).body.keys).toHaveLength(1)
})

test.each([
  ['two living secrets', '/rotate', 409, 'ia9042', ['/rotate']],
  ['no overlap to end', '/end-overlap', 409, 'ia9043', []],
  ['a revoked key', '/rotate', 409, 'ia9041', ['/revoke']],
])('%s: %s is refused, and nothing is written', async (_, last, status, id, before) => {
  const { key_id } = await create()
  for (const step of before) await send('POST', `/keys/${key_id}${step}`)
  const entries = () => send('GET', `/audit?subject=${key_id}`)
  const { text } = await entries()
  expect(await send('POST', `/keys/${key_id}${last}`)).toMatchObject({ status, body: { error_id: id } })
  expect((await entries()).text).toBe(text)
})

test.each<[string, string, unknown, number, RegExp]>([
  ['no body', '/keys', undefined, 422, /`name` is required/],
  ['a list', '/keys', [], 400, /not an object/],
  ['no JSON', '/keys', '{', 400, /not JSON/],
  [
    'a field that nobody knows',
    '/keys',
    { name: 'a', scopes: SCOPES, expire_at: 'LEAK' },
    422,
    /`body` takes name, scopes/,
  ],
  [
    'attack 56: __proto__',
    '/keys',
    '{"name":"a","scopes":["interhumanai.upload"],"__proto__":{"direct":true}}',
    422,
    /takes/,
  ],
  [
    'attack 56: constructor',
    '/keys',
    { name: 'a', scopes: SCOPES, constructor: { prototype: { direct: true } } },
    422,
    /takes/,
  ],
  [
    'a name that turns text around',
    '/keys',
    { name: 'a\u202eLEAK', scopes: SCOPES },
    422,
    /`name` must be 1 to 100 visible/,
  ],
  [
    'a scope that nobody knows',
    '/keys',
    { name: 'a', scopes: ['LEAK'] },
    422,
    /`scopes\[0\]` must be one of/,
  ],
  ['no scopes', '/keys', { name: 'a', scopes: [] }, 422, /`scopes` must not be empty/],
  [
    'a time that is none',
    '/keys',
    { name: 'a', scopes: SCOPES, expires_at: '2030-02-31T00:00:00Z' },
    422,
    /`expires_at` must be a time/,
  ],
  [
    'a time that has gone',
    '/keys',
    { name: 'a', scopes: SCOPES, expires_at: '2020-01-01T00:00:00Z' },
    422,
    /`expires_at` must not be in the past/,
  ],
  ['an owner that is somebody else', '/keys', { name: 'a', scopes: SCOPES, user_id: 'LEAK' }, 422, /takes/],
  [
    'a direct that is no switch',
    '/keys',
    { name: 'a', scopes: SCOPES, direct: 'yes' },
    422,
    /`direct` must be true or false/,
  ],
  ['a body where none is taken', '/signing-keys/none/revoke', { LEAK: 1 }, 422, /takes no field/],
  [
    'a month of overlap and more',
    '/verifiers/none/rotate',
    { overlap_seconds: 2_592_001 },
    422,
    /at most 2592000/,
  ],
])(
  'a request with %s to %s is refused, and says what is wrong without what was sent',
  async (_, path, body, status, message) => {
    const answer = await send('POST', path, body)
    expect(answer.status).toBe(status)
    expect(answer.body.message).toMatch(message)
    expect(answer.text).not.toContain('LEAK')
    expect(Object.keys(Object.prototype)).toEqual([])
  },
)

test.each([
  ['limit=0', /`limit` must be/],
  ['limit=1001', /`limit` must be/],
  ['limit=1e3', /`limit` must be/],
  ['state=LEAK', /`state` must be one of/],
  ['cursor=LEAK', /`cursor` must be/],
  ["cursor=ihk_' or 1=1--", /`cursor` must be/],
  ['cursor=ihk_0000000000000000000%00', /`cursor` must be/],
  [`search=${'a'.repeat(101)}`, /`search` must not be longer/],
  ['LEAK=1', /`query` takes search, state, cursor, limit/],
  ['__proto__=1', /`query` takes/],
  ['limit=1&limit=2', /more than once/],
  ['search=%ff', /decoded/],
])('attack 63: a list with ?%s is refused: 400, without what was sent', async (query, message) => {
  const answer = await send('GET', `/keys?${query}`)
  expect(answer.status).toBe(400)
  expect(answer.body.message).toMatch(message)
  expect(answer.text).not.toContain('LEAK')
})

test('the usage of a key is read hour by hour, in pages, and what asks for it wrongly is told so', async () => {
  const { key_id, key_secret } = await create()
  for (let count = 0; count < 3; count += 1) expect(await statusOf(key_id, key_secret)).toBe(200)
  expect(await statusOf(key_id, 'LEAK')).toBe(401)
  const read = async (query = '') => (await send('GET', `/usage?key=${key_id}${query}`)).body
  for (let tries = 0; (await read()).usage.length < 2 && tries < 200; tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 100))
  const { usage, next_cursor } = await read()
  expect(next_cursor).toBeNull()
  const total = (outcome: string) =>
    usage
      .filter((row: { outcome: string }) => row.outcome === outcome)
      .reduce((sum: number, row: { count: number }) => sum + row.count, 0)
  expect([total('issued'), total('ih2001')]).toEqual([3, 1])
  const first = await read('&limit=1')
  expect(first.usage).toEqual([usage[0]])
  expect((await read(`&limit=1&cursor=${first.next_cursor}`)).usage).toEqual([usage[1]])
  expect((await read('&to=2026-01-01T00:00:00Z')).usage).toEqual([])
  expect((await read('&from=2026-01-01T00:00:00Z')).usage).toEqual(usage)
  for (const wrong of ['key=LEAK', 'from=LEAK', 'to=2026-13-01T00:00:00Z', 'cursor=LEAK']) {
    const answer = await send('GET', `/usage?${wrong}`)
    expect([wrong, answer.status]).toEqual([wrong, 400])
    expect(answer.text).not.toContain('LEAK')
  }
})

test('attack 55: a search takes its text as it is, whatever a pattern would make of it', async () => {
  await create({ name: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!' })
  for (const text of ['(a+)+$', '%', '_', '.*', 'a%a%a%a%a%a%a%a%a%a%b', '\\', "'"]) {
    const answer = await send('GET', `/keys?search=${encodeURIComponent(text)}`)
    expect([text, answer.status, answer.body.keys]).toEqual([text, 200, []])
  }
})

test('a list comes in pages that overlap nowhere and lack nothing', async () => {
  for (const name of ['page 1', 'page 2', 'page 3']) await create({ name })
  const names: string[] = []
  let cursor = ''
  do {
    const { body } = await send('GET', `/keys?limit=2&search=page%20${cursor}`)
    names.push(...body.keys.map((key: { name: string }) => key.name))
    cursor = body.next_cursor === null ? '' : `&cursor=${body.next_cursor}`
  } while (cursor !== '')
  expect(names.sort()).toEqual(['page 1', 'page 2', 'page 3'])
  const first = (await send('GET', '/audit?limit=1')).body
  const second = (await send('GET', `/audit?limit=1&cursor=${first.next_cursor}`)).body
  expect(second.entries[0].id).toBe(first.entries[0].id - 1)
})

test('attack 59: what a web page can send by itself changes nothing', async () => {
  const asked = JSON.stringify({ name: 'forged', scopes: SCOPES })
  const headers = { Origin: 'https://evil.test', 'Content-Type': 'text/plain' }
  expect((await ask(admin.url, 'POST', '/admin/v1/keys', { body: asked, headers })).status).toBe(401)
  const preflight = await ask(admin.url, 'OPTIONS', '/admin/v1/keys', {
    headers: { Origin: 'https://evil.test' },
  })
  expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([405, null])
  const override = { 'X-HTTP-Method-Override': 'POST', Origin: 'https://evil.test' }
  expect((await ask(admin.url, 'GET', '/admin/v1/keys', { headers: override })).status).toBe(401)
  expect((await send('POST', '/keys', asked, { 'Content-Type': 'text/plain' })).body.error_id).toBe('ia9003')
  expect((await send('GET', '/keys?search=forged')).body.keys).toEqual([])
})
