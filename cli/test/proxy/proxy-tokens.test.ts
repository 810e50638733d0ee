import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { createProxyTokens } from '../../src/proxy/proxy-tokens.ts'
import type { Surroundings } from '../../src/surroundings.ts'
import { answer, type RawServer, startRawServer } from '../support/raw-server.ts'
import { temporaryFolder } from '../support/run-command.ts'

const SCOPES = ['interhumanai.upload']
let said: string[]
let monotonicMs: number
let answers: { status: number; body: string; headers?: string[] }[]
let api: RawServer

const token = (value: string, lifetimeSeconds = 900) => ({
  status: 200,
  body: JSON.stringify({
    access_token: value,
    token_type: 'Bearer',
    expires_in: lifetimeSeconds,
    scope: SCOPES[0],
  }),
})

function start(cacheHome = temporaryFolder()) {
  const surroundings = {
    env: { XDG_CACHE_HOME: cacheHome },
    platform: process.platform,
    home: () => cacheHome,
    uid: process.geteuid?.(),
    now: Date.now,
    uptime: () => performance.now() / 1000,
    hostname: () => 'here',
    own: process,
    atSignal: () => {},
    say: (line: string) => said.push(line),
  } as unknown as Surroundings
  const resolved = {
    source: { name: 'environment', role: 'environment', finding: { kind: 'absent' } },
    credential: { keyId: 'ihk_LEAKid', keySecret: 'LEAKsecret', apiUrl: undefined },
    apiUrl: api.url,
  } as unknown as Parameters<typeof createProxyTokens>[0]
  return createProxyTokens(
    resolved,
    { apiVersion: undefined, timeoutMs: undefined },
    surroundings,
    () => monotonicMs,
  )
}

beforeEach(async () => {
  api = await startRawServer((socket, request) => {
    const { status, body, headers } = answers.shift() ?? { status: 500, body: 'no more answers' }
    answer(status, body, headers)(socket, request)
  })
  onTestFinished(api.stop)
  said = []
  monotonicMs = 0
  answers = []
})

describe('the tokens of a proxy', () => {
  it('are one exchange for all who ask at once, and one for each set of scopes', async () => {
    answers = [token('LEAKone'), token('LEAKtwo')]
    const tokens = start()
    const all = await Promise.all(Array.from({ length: 100 }, () => tokens(SCOPES).getToken()))
    expect(new Set(all.map(({ value }) => value))).toEqual(new Set(['LEAKone']))
    expect((await tokens(['interhumanai.stream']).getToken()).value).toBe('LEAKtwo')
    expect(api.requests).toHaveLength(2)
  })

  it('are taken from the cache that others use, and dropped there as well', async () => {
    answers = [token('LEAKone'), token('LEAKtwo')]
    const folder = temporaryFolder()
    const [one, other] = [start(folder)(SCOPES), start(folder)(SCOPES)]
    const first = await one.getToken()
    expect((await other.getToken()).value).toBe(first.value)
    one.drop(first)
    expect((await one.getToken()).value).toBe('LEAKtwo')
    expect((await start(folder)(SCOPES).getToken()).value).toBe('LEAKtwo')
    expect(api.requests).toHaveLength(2)
  })

  it('that are dropped are replaced once, and not again within ten seconds', async () => {
    answers = [token('LEAKone'), token('LEAKtwo'), token('LEAKthree')]
    const tokens = start()(SCOPES)
    const one = await tokens.getToken()
    tokens.drop(one)
    const two = await tokens.getToken()
    expect(two.value).toBe('LEAKtwo')
    tokens.drop(one)
    tokens.drop(two)
    expect(await tokens.getToken()).toBe(two)
    monotonicMs = 10_000
    tokens.drop(two)
    expect((await tokens.getToken()).value).toBe('LEAKthree')
  })

  it('live as long as is asked for: one that the cache has and that does not is not given', async () => {
    answers = [token('LEAKshort', 60), token('LEAKlong', 900)]
    const tokens = start()(SCOPES)
    expect((await tokens.getToken()).value).toBe('LEAKshort')
    // More than a token of this life is ever asked to have left.
    expect((await tokens.getToken({ minValiditySeconds: 120 })).value).toBe('LEAKshort')
    expect(api.requests).toHaveLength(1)
  })

  it('are kept in memory where there is no cache to keep them in', async () => {
    answers = [token('LEAKone')]
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'x'))
    writeFileSync(join(folder, 'x', 'interhuman'), 'a file where the folder should be')
    chmodSync(join(folder, 'x', 'interhuman'), 0o600)
    const tokens = start(join(folder, 'x'))(SCOPES)
    for (let count = 0; count < 5; count += 1) expect((await tokens.getToken()).value).toBe('LEAKone')
    expect(api.requests).toHaveLength(1)
  })

  it('that cannot be had are asked for once, and the reason said once, until there is one again', async () => {
    answers = [{ status: 403, body: '{"error_id":"ih2003","LEAK":1}' }]
    const tokens = start()(SCOPES)
    for (let count = 0; count < 3; count += 1) await expect(tokens.getToken()).rejects.toThrow('status 403')
    expect(api.requests).toHaveLength(1)
    expect(said).toEqual([
      'the service answered with status 403, error ih2003; ask for scopes that the key holds',
    ])
  })

  it('are not asked for while the service wants to be left alone, and whoever asks hears how long that is', async () => {
    const headers = ['Retry-After: 60']
    answers = [{ status: 429, body: '{"error_id":"ih3001"}', headers }, token('LEAKone')]
    const tokens = start()(SCOPES)
    for (const [nowMs, left] of [
      [0, 60],
      [20_500, 39.5],
      [90_000, 1],
    ] as const) {
      monotonicMs = nowMs
      await expect(tokens.getToken()).rejects.toMatchObject({ status: 429, retryAfterSeconds: left })
    }
    expect(api.requests).toHaveLength(1)
  })

  it('are not waited for longer than five minutes, whatever the service says', async () => {
    answers = [{ status: 503, body: '', headers: [`Retry-After: ${'9'.repeat(400)}`] }]
    await expect(start()(SCOPES).getToken()).rejects.toMatchObject({ retryAfterSeconds: 300 })
  })

  it.each([
    ['a redirect', { status: 307, body: '', headers: ['Location: http://LEAK.example/'] }, 'redirect'],
    ['a quota that is used up', { status: 429, body: '{"error_id":"ih3003"}' }, 'status 429'],
  ])('send the key once where no repeat helps: %s', async (_case, refusal, message) => {
    answers = [refusal, token('LEAKone')]
    const tokens = start()(SCOPES)
    for (let count = 0; count < 2; count += 1) await expect(tokens.getToken()).rejects.toThrow(message)
    expect(api.requests).toHaveLength(1)
  })

  it('are asked for again where the service failed for a moment', async () => {
    answers = [{ status: 503, body: '' }, token('LEAKone')]
    const tokens = start()(SCOPES)
    expect((await tokens.getToken()).value).toBe('LEAKone')
    expect(api.requests).toHaveLength(2)
    expect(said).toHaveLength(1)
  })
})
