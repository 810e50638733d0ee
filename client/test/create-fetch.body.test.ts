import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { createFetch, reuse } from '../src/index.ts'
import { type ApiAnswer, INVALID_TOKEN, OK, startApi } from './support/bearer-api.ts'
import { countingSource } from './support/counting-source.ts'
import { clockInHand } from './support/source-in-hand.ts'

const MIB = 2 ** 20
const bytes = new TextEncoder().encode('a body')

/** An API that refuses the first token, and a fetch for it. */
async function refused(first: ApiAnswer = INVALID_TOKEN) {
  let refused: string | undefined
  const api = await startApi(({ headers }) => {
    refused ??= headers.authorization
    return headers.authorization === refused ? first : OK
  })
  const source = countingSource()
  return { api, source, fetchWithToken: createFetch(source, { origins: [api.origin] }) }
}

const streamOf = (...chunks: Uint8Array[]) =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk)
      controller.close()
    },
  })

function form() {
  const data = new FormData()
  data.set('field', 'value')
  data.set('file', new Blob([bytes]), 'file.bin')
  return data
}

describe('after a 401 it is sent again whole', () => {
  const bodies: [string, () => NonNullable<RequestInit['body']>][] = [
    ['a string', () => 'a body'],
    ['an empty string', () => ''],
    ['a long string', () => 'x'.repeat(2 * MIB)],
    ['a Uint8Array', () => bytes],
    ['a part of a buffer', () => new Uint8Array(new TextEncoder().encode('[a body]').buffer, 1, 6)],
    ['a DataView', () => new DataView(bytes.buffer)],
    ['an ArrayBuffer', () => bytes.buffer],
    ['a Blob', () => new Blob([bytes], { type: 'text/plain' })],
    ['a File', () => new File([bytes], 'name')],
    ['URLSearchParams', () => new URLSearchParams({ a: '1', b: 'ü' })],
    ['FormData', form],
  ]
  test.each(bodies)('%s', async (_, body) => {
    const { api, source, fetchWithToken } = await refused()
    const response = await fetchWithToken(api.origin, { method: 'POST', body: body() })
    expect(response.status).toBe(200)
    const [first, second, ...rest] = api.seen
    const boundary = / boundary=(.*)/
    const told = (seen = first) => {
      const mark = boundary.exec(seen?.headers['content-type'] ?? '')?.[1] ?? ' '
      return [seen?.method, seen?.headers['content-type'], seen?.body].map((text) =>
        text?.replaceAll(mark, '-'),
      )
    }
    expect(told(second)).toEqual(told(first))
    expect(second?.headers['content-length']).toBe(first?.headers['content-length'])
    expect(second?.headers.authorization).toBe(source.authorization())
    expect(rest).toEqual([])
  })

  const inits: [string, RequestInit][] = [
    ['with a body', { method: 'POST', body: 'a body' }],
    ['with a form', { method: 'POST', body: form() }],
    ['of exactly 1 MiB', { method: 'PUT', body: new Uint8Array(MIB) }],
    ['with no body', {}],
    ['that is a HEAD', { method: 'HEAD' }],
  ]
  test.each(inits)('a Request %s', async (_, init) => {
    const { api, fetchWithToken } = await refused()
    const request = new Request(api.origin, { ...init, headers: { 'X-Own': '1' } })
    expect((await fetchWithToken(request)).status).toBe(200)
    const [first, second, ...rest] = api.seen
    expect([second?.method, second?.body, second?.headers['content-type'], second?.headers['x-own']]).toEqual(
      [first?.method, first?.body, first?.headers['content-type'], '1'],
    )
    expect(first?.method).toBe(init.method ?? 'GET')
    expect(rest).toEqual([])
  })

  test('what an init puts in place of a Request’s body', async () => {
    const { api, fetchWithToken } = await refused()
    const request = new Request(api.origin, { method: 'POST', body: 'first' })
    expect((await fetchWithToken(request, { body: 'second' })).status).toBe(200)
    expect(api.seen.map(({ body }) => body)).toEqual(['second', 'second'])
  })
})

describe('after a 401 it is not sent again, the 401 is the caller’s, and the next call has a new token', () => {
  const half = { method: 'POST', duplex: 'half' } as const
  const calls: [string, (origin: string) => [string | Request, RequestInit?]][] = [
    ['a stream', (origin) => [origin, { ...half, body: streamOf(bytes) }]],
    ['an async iterable', (origin) => [origin, { ...half, body: Readable.from([bytes]) as never }]],
    [
      'a Request of more than 1 MiB',
      (origin) => [new Request(origin, { method: 'POST', body: new Uint8Array(MIB + 1) })],
    ],
    [
      'a Request of a long stream',
      (origin) => [new Request(origin, { ...half, body: streamOf(new Uint8Array(MIB), bytes) })],
    ],
  ]
  test.each(calls)('%s', async (_, call) => {
    const { api, source, fetchWithToken } = await refused()
    const response = await fetchWithToken(...call(api.origin))
    expect([response.status, await response.text()]).toEqual([401, INVALID_TOKEN.body])
    expect([api.seen.length, source.given.length]).toEqual([1, 1])
    expect((await fetchWithToken(...call(api.origin))).status).toBe(200)
    expect(source.given).toHaveLength(2)
  })

  test.each(['a stream', 'a Request of one'])('%s that is half read', async (what) => {
    const { api, source, fetchWithToken } = await refused({ ...INVALID_TOKEN, atOnce: true })
    let pulls = 0
    const body = new ReadableStream({
      pull(controller) {
        pulls += 1
        if (pulls === 1) controller.enqueue(bytes)
      },
    })
    const init = { ...half, body }
    const response = await (what === 'a stream'
      ? fetchWithToken(api.origin, init)
      : fetchWithToken(new Request(api.origin, init)))
    expect(response.status).toBe(401)
    expect([api.seen.length, source.given.length]).toEqual([1, 1])
    await response.body?.cancel()
  })
})

test('no more of an endless Request is read ahead than what is sent, and 1 MiB', async () => {
  let pulled = 0
  const chunk = new Uint8Array(64 * 1024)
  const body = new ReadableStream(
    {
      pull(controller) {
        pulled += chunk.length
        controller.enqueue(chunk)
      },
    },
    { highWaterMark: 0 },
  )
  const fetchWithToken = createFetch(countingSource(), {
    async fetch() {
      await new Promise((resolve) => setTimeout(resolve, 50))
      return new Response('fine')
    },
  })
  const init = { method: 'POST', body, duplex: 'half' }
  const request = new Request('https://api.interhuman.ai/', init)
  await fetchWithToken(request)
  expect(pulled).toBeLessThanOrEqual(2 * MIB)
})

describe('before the first byte it asks for a token that lives long enough', () => {
  const half = { method: 'POST', duplex: 'half' } as const
  const url = 'https://api.interhuman.ai/'
  const heavy: [string, () => [string | Request, RequestInit?]][] = [
    ['a stream', () => [url, { ...half, body: streamOf(bytes) }]],
    ['a large string', () => [url, { method: 'POST', body: 'x'.repeat(MIB) }]],
    ['large bytes', () => [url, { method: 'POST', body: new Uint8Array(MIB) }]],
    ['a Blob', () => [url, { method: 'POST', body: new Blob([bytes]) }]],
    ['FormData', () => [url, { method: 'POST', body: form() }]],
    ['a Request with a body', () => [new Request(url, { method: 'POST', body: 'x' })]],
  ]
  const light: [string, () => [string | Request, RequestInit?]][] = [
    ['no body', () => [url]],
    ['a string', () => [url, { method: 'POST', body: 'x' }]],
    ['bytes', () => [url, { method: 'POST', body: bytes }]],
    ['a Request without a body', () => [new Request(url)]],
  ]
  /** How many tokens were asked for, when the one that is held has some seconds left. */
  async function exchanges(call: Parameters<typeof fetch>, secondsLeft: number, minValiditySeconds?: number) {
    const clock = clockInHand()
    const source = countingSource()
    const fetchWithToken = createFetch(reuse(source, { clock, random: () => 0.999 }), {
      fetch: async () => new Response('fine'),
      minValiditySeconds,
    })
    await fetchWithToken(url)
    clock.pass(900 - secondsLeft)
    await fetchWithToken(call[0] as string, call[1])
    return source.given.length
  }

  test.each(heavy)('with %s', async (_, call) => {
    expect(await exchanges(call(), 110)).toBe(1)
    expect(await exchanges(call(), 110, 120)).toBe(2)
  })
  test.each(light)('not with %s', async (_, call) => {
    expect(await exchanges(call(), 110, 120)).toBe(1)
  })
})
