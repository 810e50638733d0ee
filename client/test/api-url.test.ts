import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseApiUrl } from '../src/api-url.ts'

describe('an address', () => {
  test.each([
    ['https://api.interhuman.ai', 'https://api.interhuman.ai'],
    ['https://API.Interhuman.ai:443/', 'https://api.interhuman.ai'],
    ['https://api.interhuman.ai/below//', 'https://api.interhuman.ai/below'],
    ['http://127.0.0.1:4747', 'http://127.0.0.1:4747'],
    ['http://127.1:4747/', 'http://127.0.0.1:4747'],
    ['http://127.255.255.254', 'http://127.255.255.254'],
    ['http://localhost:4747', 'http://localhost:4747'],
    ['http://[::1]:4747', 'http://[::1]:4747'],
  ])('%s is taken and written in one form', (typed, parsed) => {
    expect(parseApiUrl(typed)).toBe(parsed)
    expect(parseApiUrl(parsed)).toBe(parsed)
  })

  test.each([
    'http://api.interhuman.ai',
    'http://127.0.0.1.example.com',
    'http://localhost.example.com',
    'http://localhost.',
    'http://128.0.0.1',
    'http://0.0.0.0',
    'http://[::ffff:127.0.0.1]',
    'http://[::]',
    'HTTP://EXAMPLE.COM',
  ])('%s is plain http to another machine', (typed) => {
    expect(() => parseApiUrl(typed)).toThrow(
      expect.objectContaining({ name: 'TransportError', code: 'insecure_url' }),
    )
  })

  test.each([
    '',
    'LEAK',
    '//LEAK',
    'ftp://LEAK.example',
    'file:///LEAK',
    'javascript:LEAK',
    'https:LEAK',
    'https://',
    'https:///LEAK',
    'https://user:LEAK@example.com',
    'https://@LEAK.example',
    'https://api.interhuman.ai\\@LEAK.example',
    'https://LEAK.example?',
    'https://LEAK.example?a=b',
    'https://LEAK.example#',
    'https://LEAK.example/#a',
    ' https://LEAK.example',
    'https://LEAK.exa\tmple',
    'https://LEAK.example\n',
    'https://LEAK.example/\u0000',
    'https://LEAK.example:99999',
    'https://LEAK exam.ple',
  ])('%j is the caller’s mistake, and the message does not repeat it', (typed) => {
    expect(() => parseApiUrl(typed)).toThrow(TypeError)
    expect(() => parseApiUrl(typed)).not.toThrow(/LEAK/)
  })

  test.each([undefined, null, 1, {}])('%j is no text', (value) => {
    expect(() => parseApiUrl(value as string)).toThrow(TypeError)
  })

  test('that is taken has a host of its own, https or loopback, and nothing else to it', () => {
    const odd = fc.string({ unit: fc.constantFrom(...'htps:/@\\?#.%[]127localhost \t\n') })
    fc.assert(
      fc.property(
        fc.oneof(
          odd,
          fc.webUrl(),
          odd.map((text) => `http://${text}`),
        ),
        (typed) => {
          let url: URL
          try {
            url = new URL(parseApiUrl(typed))
          } catch {
            return
          }
          expect([url.username, url.password, url.search, url.hash]).toEqual(['', '', '', ''])
          if (url.protocol !== 'https:')
            expect(url.hostname).toMatch(/^(?:localhost|\[::1\]|127(?:\.\d+){3})$/)
        },
      ),
      { numRuns: 5000 },
    )
  })
})
