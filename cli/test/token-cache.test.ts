import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Refusal } from '../src/exit-codes.ts'
import { dropToken, livingToken } from '../src/token-cache.ts'
import { answer, type RawServer, type Respond, startRawServer } from './support/raw-server.ts'
import { temporaryFolder } from './support/run-command.ts'
import { resolvedFor, surroundingsIn, TwoClocks } from './support/token-use.ts'

const options = { scopes: ['upload'], apiVersion: undefined, timeoutMs: 5_000 }

const grant = (value: string, lifetime: number | string = 900) =>
  answer(
    200,
    JSON.stringify({ access_token: value, token_type: 'Bearer', expires_in: lifetime, scope: 'upload' }),
  )

/** A server that answers each request by the next of these. */
async function serve(...script: Respond[]): Promise<RawServer> {
  const server = await startRawServer((socket, request) => script.shift()?.(socket, request))
  onTestFinished(server.stop)
  return server
}

async function setUp(...script: Respond[]) {
  const server = await serve(...script)
  const folder = temporaryFolder()
  const clocks = new TwoClocks()
  const surroundings = surroundingsIn(folder, clocks)
  const get = async (more: object = {}, keySecret?: string) =>
    (await livingToken(resolvedFor(server.url, keySecret), { ...options, ...more }, surroundings)).value
  const files = () => readdirSync(join(folder, 'interhuman'))
  return { server, folder, clocks, surroundings, get, files, said: surroundings.said }
}

describe('a living token', () => {
  test('is asked for once and used until a fifth of its life is left, then asked for anew', async () => {
    const { clocks, get, server, said } = await setUp(grant('a'), grant('b'))
    expect(await get()).toBe('a')
    clocks.pass(719)
    expect([await get(), server.requests.length]).toEqual(['a', 1])
    clocks.pass(1)
    expect([await get(), server.requests.length]).toEqual(['b', 2])
    expect([await get(), server.requests.length, said]).toEqual(['b', 2, []])
  })

  test('counts from before the request, and tells its end and what is left by now', async () => {
    const { clocks, surroundings, server } = await setUp((socket, request) => {
      clocks.pass(10)
      grant('a')(socket, request)
    })
    const ask = () => livingToken(resolvedFor(server.url), options, surroundings)
    expect(await ask()).toEqual({ value: 'a', scopes: ['upload'], expiresAtMs: 1_900_000, secondsLeft: 890 })
    clocks.pass(100)
    expect(await ask()).toEqual({ value: 'a', scopes: ['upload'], expiresAtMs: 1_900_000, secondsLeft: 790 })
  })

  test('is not used for another secret, address, version or set of scopes', async () => {
    const { get, server, surroundings } = await setUp(...'abcdef'.split('').map((value) => grant(value)))
    expect(await get()).toBe('a')
    expect(await get({}, 'LEAKrotated')).toBe('b')
    expect(await get({ scopes: ['upload', 'stream'] })).toBe('c')
    expect(await get({ apiVersion: 'v1' })).toBe('d')
    const other = await serve(grant('elsewhere'))
    expect((await livingToken(resolvedFor(other.url), options, surroundings)).value).toBe('elsewhere')
    expect([await get({ scopes: ['stream', 'upload', 'stream'] }), server.requests.length]).toEqual(['c', 4])
  })

  test('that lives for less than is asked is asked for anew, and the new one is given whatever its life', async () => {
    const { clocks, get, server } = await setUp(grant('a'), grant('b'))
    expect(await get({ minLifeSeconds: 10_000 })).toBe('a')
    clocks.pass(100)
    expect([await get({ minLifeSeconds: 800 }), server.requests.length]).toEqual(['a', 1])
    expect([await get({ minLifeSeconds: 801 }), server.requests.length]).toEqual(['b', 2])
  })

  test.each(['1', 1, 0, -5, null, 'x', 1e300])(
    'with a life of %j is given, and never used when it is spent',
    async (life) => {
      const { clocks, get } = await setUp(grant('a', life as number), grant('b'))
      expect(await get()).toBe('a')
      clocks.pass(86_400)
      expect(await get()).toBe('b')
    },
  )

  test('is not used when the wall clock was set back behind its start', async () => {
    const { clocks, get } = await setUp(grant('a'), grant('b'))
    await get()
    clocks.wall -= 1
    expect(await get()).toBe('b')
  })
})

describe('an exchange that fails', () => {
  test.each([
    [
      '503',
      answer(503, '{"error_id":"ih1003"}'),
      /^the service answered with status 503, error ih1003; try again later; the token at hand/,
    ],
    [
      '422',
      answer(422, '{"error_id":"ia9008"}'),
      /^the service answered with status 422, error ia9008; check the scopes; the token/,
    ],
    [
      'a page',
      answer(200, '<html>'),
      /^the service answered with status 200 and no token; check the address; the/,
    ],
    [
      'a reset',
      ((socket) => socket.destroy()) as Respond,
      /^no answer from .*; the token at hand lives for 100 s more/,
    ],
  ])('(%s) leaves the token that lives in use, with one line', async (_, respond, line) => {
    const { clocks, get, said } = await setUp(grant('a'), respond, respond, respond)
    await get()
    clocks.pass(800)
    expect(await get()).toBe('a')
    expect(said).toEqual([expect.stringMatching(line)])
    await expect(get({ minLifeSeconds: 101 })).rejects.toThrow(/^(?!.*at hand)/)
    clocks.pass(95)
    await expect(get()).rejects.toMatchObject({ name: 'Refusal' })
  })

  test.each([401, 403])('with %i drops the token that lives, and is not remembered', async (status) => {
    const { clocks, get, files, said } = await setUp(
      grant('a'),
      answer(status, '{"error_id":"ih2001"}'),
      grant('b'),
    )
    await get()
    clocks.pass(800)
    await expect(get()).rejects.toMatchObject({ exitCode: 4, details: { status } } satisfies Partial<Refusal>)
    expect([files(), said]).toEqual([[], []])
    expect(await get()).toBe('b')
  })

  test('has an end: no answer is exit code 6, and leaves no lock', async () => {
    const { get, files } = await setUp(() => {})
    await expect(get({ timeoutMs: 100 })).rejects.toMatchObject({ exitCode: 6 })
    expect(files()).toEqual([])
  })

  test('does not read an answer without end', async () => {
    const { get } = await setUp(answer(200, Buffer.alloc(1_000_000, ' ')))
    await expect(get()).rejects.toMatchObject({ exitCode: 5 })
  })
})

describe('a token that a protected resource calls invalid', () => {
  test('is dropped, if it is still the one in the cache', async () => {
    const { get, server, surroundings } = await setUp(grant('a'), grant('b'))
    await get()
    dropToken(resolvedFor(server.url), options, surroundings, 'another')
    expect([await get(), server.requests.length]).toEqual(['a', 1])
    dropToken(resolvedFor(server.url), options, surroundings, 'a')
    expect([await get(), server.requests.length]).toEqual(['b', 2])
  })
})

describe('many at once', () => {
  const slowly =
    (respond: Respond): Respond =>
    (socket, request) =>
      void setTimeout(() => respond(socket, request), 100)

  test('make one exchange, whatever life they ask for', async () => {
    const { get, server, files } = await setUp(slowly(grant('a')))
    const values = await Promise.all(Array.from({ length: 10 }, () => get({ minLifeSeconds: 10_000 })))
    expect([new Set(values), server.requests.length, files().length]).toEqual([new Set(['a']), 1, 1])
  })

  test('read the cache after a failure of the first, and one of them asks', async () => {
    const { get, server } = await setUp(slowly(answer(503)), slowly(grant('a')))
    const ends = await Promise.allSettled(Array.from({ length: 6 }, () => get()))
    expect(ends.map(({ status }) => status).sort()).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
    ])
    expect(server.requests.length).toBe(2)
  })

  test('wait for a lock no longer than for an exchange, and go on without it', async () => {
    const { get, folder, clocks, server } = await setUp(grant('a'), grant('b'))
    await get()
    const [name = ''] = readdirSync(join(folder, 'interhuman'))
    const lock = join(folder, 'interhuman', `${name}.lock`)
    const held = JSON.stringify({ pid: process.pid, untilMs: 1e15 })
    writeFileSync(lock, held, { mode: 0o600 })
    clocks.pass(800)
    const ticking = setInterval(() => clocks.pass(1), 10)
    onTestFinished(() => clearInterval(ticking))
    expect([await get(), server.requests.length]).toEqual(['b', 2])
    expect(readFileSync(lock, 'utf8')).toBe(held)
  })
})

const NOBODY = 65_534

/** Does something as a user whom modes bind, which root is not: the folder and what is in it are that user's meanwhile. */
async function bound(
  surroundings: { uid: number | undefined },
  folder: string,
  below: readonly string[],
  action: () => Promise<void>,
): Promise<void> {
  if (process.geteuid?.() !== 0) return action()
  for (const path of [folder, ...below]) chownSync(path, NOBODY, NOBODY)
  surroundings.uid = NOBODY
  process.seteuid?.(NOBODY)
  try {
    await action()
  } finally {
    process.seteuid?.(0)
  }
}

describe('a cache that cannot be used', () => {
  const planted: [string, (folder: string) => void, RegExp][] = [
    ['a file', (path) => writeFileSync(path, ''), /is not a folder, or is reached by a symbolic link/],
    ['a symbolic link', (path) => symlinkSync(join(path, '..'), path), /is not a folder, or is reached by a/],
  ]
  test.each(planted)('(its place is %s) costs one line and an exchange each time', async (_, plant, line) => {
    const { get, folder, server, said } = await setUp(grant('a'), grant('b'))
    plant(join(folder, 'interhuman'))
    const before = readdirSync(folder)
    expect([await get(), await get(), server.requests.length]).toEqual(['a', 'b', 2])
    expect([said, readdirSync(folder)]).toEqual([
      [expect.stringMatching(line), expect.stringMatching(line)],
      before,
    ])
  })

  test.skipIf(!existsSync('/proc/self'))(
    '(a file system that takes no files) costs one line (needs /proc)',
    async () => {
      const { surroundings, server, said } = await setUp(grant('a'))
      const readOnly = { ...surroundings, env: { XDG_CACHE_HOME: '/proc' } }
      expect((await livingToken(resolvedFor(server.url), options, readOnly)).value).toBe('a')
      expect(said).toEqual([
        expect.stringMatching(/^the token cache cannot be used \((?:ENOENT|EROFS|EACCES|EPERM)\); /),
      ])
    },
  )

  test('(its folder turns read-only) gives the token that lives in it, and later costs one line and an exchange', async () => {
    const { clocks, get, files, folder, said, server, surroundings } = await setUp(
      ...'abcd'.split('').map((value) => grant(value)),
    )
    await get()
    const kept = files()
    const cache = join(folder, 'interhuman')
    await bound(surroundings, folder, [cache, ...kept.map((name) => join(cache, name))], async () => {
      chmodSync(cache, 0o500)
      clocks.pass(700)
      expect([await get(), server.requests.length, said]).toEqual(['a', 1, []])
      clocks.pass(100)
      expect([await get(), server.requests.length]).toEqual(['b', 2])
      clocks.pass(100)
      expect([await get(), await get(), server.requests.length]).toEqual(['c', 'd', 4])
      expect(said).toEqual(Array(3).fill(expect.stringMatching(/^the token cache cannot be used \(E\w+\); /)))
      expect(files()).toEqual(kept)
      chmodSync(cache, 0o700)
    })
  })

  test('(a folder stands where the token goes) costs one line, and leaves no lock', async () => {
    const { get, files, folder, said, server } = await setUp(grant('a'), grant('b'))
    await get()
    const [name = ''] = files()
    const path = join(folder, 'interhuman', name)
    rmSync(path)
    mkdirSync(path)
    expect([await get(), server.requests.length, files()]).toEqual(['b', 2, [name]])
    expect(said).toEqual([expect.stringMatching(/^the token cache /)])
  })
})
