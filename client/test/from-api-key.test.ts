import { afterEach, describe, expect, test, vi } from 'vitest'
import { allowSecretInBrowser, type FromApiKeyOptions, fromApiKey, reuse } from '../src/index.ts'
import { clockInHand } from './support/source-in-hand.ts'

const key = { keyId: 'ihk_LEAKid', keySecret: 'ih_live_LEAKsecret', scopes: ['interhumanai.upload'] }

/** A fetch that answers with a token of its own each time. */
function countingFetch() {
  const bodies: string[] = []
  const fetch = async (_: string, init: { body: string }) => {
    const body = {
      access_token: `t${bodies.push(init.body)}`,
      token_type: 'Bearer',
      expires_in: 900,
      scope: '',
    }
    return new Response(JSON.stringify(body))
  }
  return { fetch, bodies }
}

describe('a source of an API key', () => {
  test('makes one exchange for each token that it is asked for', async () => {
    const { fetch, bodies } = countingFetch()
    const source = fromApiKey({ ...key, fetch, now: () => 1_000 })
    expect((await source.getToken()).value).toBe('t1')
    expect(await source.getToken()).toMatchObject({ expiresAt: 901 })
    expect(bodies).toHaveLength(2)
    expect(Object.isFrozen(source)).toBe(true)
  })

  test('is not changed by what happens to its options afterwards', async () => {
    const { fetch, bodies } = countingFetch()
    const options = { ...key, scopes: ['b', 'a'], fetch }
    const source = fromApiKey(options)
    options.scopes.push('c')
    options.keyId = 'other'
    await source.getToken()
    expect(JSON.parse(bodies[0] ?? '')).toEqual({
      key_id: key.keyId,
      key_secret: key.keySecret,
      scopes: ['b', 'a'],
    })
  })

  test('passes a caller’s signal on', async () => {
    const source = fromApiKey({ ...key, fetch: () => expect.unreachable() })
    await expect(source.getToken({ signal: AbortSignal.abort('before') })).rejects.toBe('before')
  })

  test('ends with its reason while the body arrives as well', async () => {
    const controller = new AbortController()
    const fetch = async (_: string, { signal }: { signal: AbortSignal }) => {
      const body = new ReadableStream({
        start: (stream) => signal.addEventListener('abort', () => stream.error(signal.reason)),
      })
      setImmediate(() => controller.abort('gone'))
      return new Response(body)
    }
    await expect(fromApiKey({ ...key, fetch }).getToken({ signal: controller.signal })).rejects.toBe('gone')
  })

  test.each([{ scopes: [] }, { scopes: 'text' }, { keySecret: '' }, { timeoutMs: 0 }])(
    'rejects with a TypeError for %j',
    async (mistake) => {
      const source = fromApiKey({ ...key, ...mistake } as unknown as FromApiKeyOptions)
      await expect(source.getToken()).rejects.toBeInstanceOf(TypeError)
    },
  )

  test('is refused for an address that the secret must not go to', () => {
    expect(() => fromApiKey({ ...key, apiUrl: 'http://example.com' })).toThrow(
      expect.objectContaining({ code: 'insecure_url' }),
    )
  })
})

describe('in a browser', () => {
  afterEach(() => vi.unstubAllGlobals())
  const inBrowser = () => {
    vi.stubGlobal('document', {})
    vi.stubGlobal('process', undefined)
  }

  test('a secret is refused, and the error says what to do instead', () => {
    inBrowser()
    expect(() => fromApiKey(key)).toThrow(/fromBackend/)
    expect(() => fromApiKey({ ...key, allowSecretInBrowser: true } as FromApiKeyOptions)).toThrow(TypeError)
    expect(() => fromApiKey(JSON.parse(JSON.stringify({ ...key, [allowSecretInBrowser]: true })))).toThrow(
      TypeError,
    )
  })

  test('it is taken with the symbol, in a worker without a document, and in a test that brings a document to Node', () => {
    inBrowser()
    expect(() => fromApiKey({ ...key, [allowSecretInBrowser]: true })).not.toThrow()
    vi.stubGlobal('document', undefined)
    expect(() => fromApiKey(key)).not.toThrow()
    vi.unstubAllGlobals()
    vi.stubGlobal('document', {})
    expect(() => fromApiKey(key)).not.toThrow()
  })
})

describe('two reused sources', () => {
  const clock = clockInHand()
  const tokenFor = async (options: FromApiKeyOptions, on = clock) =>
    (await reuse(fromApiKey(options), { clock: on }).getToken()).value

  test('of the same key, address and scope set share one token and one flight, in any order and spelling', async () => {
    const { fetch, bodies } = countingFetch()
    const base = { ...key, scopes: ['a', 'b'], fetch, apiUrl: 'https://api.example' }
    const same = [
      base,
      { ...base, scopes: ['b', 'a', 'b'] },
      { ...base, apiUrl: 'https://API.example:443/' },
      { ...base, apiVersion: 'v0' as const },
    ]
    expect(await Promise.all(same.map((each) => tokenFor(each)))).toEqual(['t1', 't1', 't1', 't1'])
    expect(bodies).toHaveLength(1)
    expect(JSON.parse(bodies[0] ?? '').scopes).toEqual(['a', 'b'])
  })

  test.each<[string, Partial<FromApiKeyOptions>]>([
    ['key', { keyId: 'ihk_other' }],
    ['secret', { keySecret: 'ih_live_other' }],
    ['address', { apiUrl: 'https://other.example' }],
    ['API version', { apiVersion: 'v1' }],
    ['scope more', { scopes: ['interhumanai.upload', 'interhumanai.stream'] }],
    ['scope that reads alike', { scopes: ['interhumanai.upload,interhumanai.stream'] }],
    ['clock', { now: () => 0 }],
  ])('of another %s share nothing', async (_, other) => {
    const { fetch } = countingFetch()
    const base = { ...key, fetch, apiUrl: 'https://api.example' }
    expect([await tokenFor(base), await tokenFor({ ...base, ...other }), await tokenFor(base)]).toEqual([
      't1',
      't2',
      't1',
    ])
  })

  test('of another fetch or on another clock share nothing', async () => {
    const [one, two] = [countingFetch(), countingFetch()]
    await tokenFor({ ...key, fetch: one.fetch })
    await tokenFor({ ...key, fetch: two.fetch })
    await tokenFor({ ...key, fetch: one.fetch }, clockInHand())
    expect([one.bodies.length, two.bodies.length]).toEqual([2, 1])
  })

  test('of one custom source share its token; of two that look alike, nothing', async () => {
    const { fetch } = countingFetch()
    const inner = fromApiKey({ ...key, fetch })
    const custom = () => ({ getToken: () => inner.getToken() })
    const one = custom()
    const values = [one, one, custom()].map(async (each) => (await reuse(each, { clock }).getToken()).value)
    expect(await Promise.all(values)).toEqual(['t1', 't1', 't2'])
  })

  test('what is kept is bounded: after a thousand other keys the first asks again', async () => {
    const { fetch, bodies } = countingFetch()
    for (let other = 0; other <= 1_000; other += 1)
      reuse(fromApiKey({ ...key, keyId: `ihk_${other}`, fetch }), { clock })
    await tokenFor({ ...key, keyId: 'ihk_1000', fetch })
    await tokenFor({ ...key, keyId: 'ihk_1000', fetch })
    expect(bodies).toHaveLength(1)
    await tokenFor({ ...key, keyId: 'ihk_first', fetch })
    for (let other = 0; other <= 1_000; other += 1)
      reuse(fromApiKey({ ...key, keyId: `ihk_more${other}`, fetch }), { clock })
    await tokenFor({ ...key, keyId: 'ihk_first', fetch })
    expect(bodies).toHaveLength(3)
  })

  test('one that is asked for now and then is kept, however many others come and go', async () => {
    const { fetch, bodies } = countingFetch()
    const used = { ...key, keyId: 'ihk_used', fetch }
    await tokenFor(used)
    for (let other = 0; other <= 2_500; other += 1) {
      reuse(fromApiKey({ ...key, keyId: `ihk_passing${other}`, fetch }), { clock })
      if (other % 900 === 0) await tokenFor(used)
    }
    await tokenFor(used)
    expect(bodies).toHaveLength(1)
  })
})
