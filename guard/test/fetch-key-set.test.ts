import type { RequestListener } from 'node:http'
import { describe, expect, it } from 'vitest'
import { MAX_KEY_SET_BYTES } from '../src/fetch-key-set.ts'
import { keySet } from '../src/key-set.ts'
import { es256 } from './support/signing.ts'
import { body, fails, says, startKeySet } from './support/start-key-set.ts'

const first = es256('first')

describe('the address', () => {
  it.each([
    'https://auth.example.com/.well-known/jwks.json',
    'http://127.0.0.1:4747/jwks',
    'http://127.1.2.3/jwks',
    'http://localhost:1/jwks',
    'http://[::1]:1/jwks',
  ])('takes %s', (address) => {
    expect(() => keySet(address)).not.toThrow()
    expect(() => keySet(new URL(address))).not.toThrow()
  })

  it.each([
    'http://auth.example.com/jwks',
    'http://127.0.0.1.example.com/jwks',
    'http://localhost.example.com/jwks',
    'http://10.0.0.1/jwks',
    'http://[::ffff:10.0.0.1]/jwks',
    'https://name:LEAK@auth.example.com/jwks',
    'https://name@auth.example.com/jwks',
    'https://:LEAK@auth.example.com/jwks',
    'file:///etc/passwd',
    'data:application/json,{"keys":[]}',
    'ftp://auth.example.com/jwks',
    '/jwks',
    '',
  ])('refuses %s with a TypeError that does not repeat it', (address) => {
    expect(() => keySet(address)).toThrow(TypeError)
    expect(() => keySet(address)).not.toThrow(/LEAK/)
  })
})

describe('a key set that cannot be had', () => {
  const listeners: [string, RequestListener, RegExp, number?][] = [
    ['a status', fails, /^the key set answered with status 500$/],
    [
      'a redirect',
      (_request, response) => response.writeHead(302, { Location: '/other' }).end(),
      /^the key set answered with status 302$/,
    ],
    ['another body', says('LEAK'), /^not a key set: no list of keys$/],
    ['a list', says('[]'), /^not a key set: no list of keys$/],
    ['no answer', () => undefined, /^the key set did not arrive within 200 ms$/, 200],
    [
      'half an answer',
      (_request, response) => response.writeHead(200).write('{"keys":['),
      /^the key set did not arrive within 200 ms$/,
      200,
    ],
    ['too much', says(' '.repeat(MAX_KEY_SET_BYTES + 1)), /^the key set is larger than 65536 bytes$/],
    [
      'a reset',
      (request) => request.socket.destroy(),
      /^the key set could not be reached \(UND_ERR_SOCKET\)$/,
    ],
  ]

  it.each(listeners)(
    'is told to the operator without what it sent: %s',
    async (_what, listener, detail, timeoutMs) => {
      const { keys, seen } = await startKeySet({ listener }, timeoutMs)
      const lookup = await keys.find('first')
      expect(lookup).toEqual({ missing: 'unavailable', detail: expect.stringMatching(detail) })
      await keys.find('first')
      expect(seen.requests).toBeLessThan(2)
    },
  )

  it('says so when nobody listens', async () => {
    const { keys, server } = await startKeySet({ listener: fails })
    await server.stop()
    const detail = 'the key set could not be reached (ECONNREFUSED)'
    expect(await keys.find('first')).toEqual({ missing: 'unavailable', detail })
  })

  it('takes exactly the largest set', async () => {
    const text = body(first)
    const { keys } = await startKeySet({ listener: says(text + ' '.repeat(MAX_KEY_SET_BYTES - text.length)) })
    expect(await keys.find('first')).toHaveProperty('key')
  })

  it('follows no redirect, not even to itself', async () => {
    const paths: (string | undefined)[] = []
    const { keys } = await startKeySet({
      listener(request, response) {
        paths.push(request.url)
        response.writeHead(307, { Location: '/other' }).end()
      },
    })
    await keys.find('first')
    expect(paths).toEqual(['/.well-known/jwks.json'])
  })
})
