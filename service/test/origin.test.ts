import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isOrigin } from '../src/origin.ts'

test.each([
  'https://app.example.com',
  'http://localhost',
  'http://localhost:5173',
  'http://127.0.0.1:8080',
  'http://[::1]:8080',
  'https://a_b.example.com',
  'https://xn--bcher-kva.example',
  'https://app.example.com:8443',
])('%s is an origin as a browser sends it', (origin) => {
  expect(isOrigin(origin)).toBe(true)
})

test.each([
  'null',
  '*',
  'https://*',
  'https://*.example.com',
  'https://app.example.com:*',
  'https://app.example.com/',
  'https://app.example.com:443',
  'http://app.example.com:80',
  'https://app.example.com:65536',
  'https://App.example.com',
  'https://b\u00fccher.example',
  'https://user@app.example.com',
  'https://app.example.com, https://b.example.com',
  'https://app.example.com https://b.example.com',
  'http://[::0001]',
  'http://0x7f.1',
  'file://',
  'capacitor://localhost',
  'blob:https://app.example.com',
])('%s is none', (text) => {
  expect(isOrigin(text)).toBe(false)
})

test('of any address its origin is one, and the address is not unless it is its own origin', () => {
  const parts = fc.record({
    scheme: fc.constantFrom('https', 'http', 'HTTPS'),
    host: fc.constantFrom(
      'app.example.com',
      'App.example.com',
      '127.0.0.1',
      '127.1',
      '[::1]',
      '[0::1]',
      'localhost',
    ),
    port: fc.option(fc.oneof(fc.constantFrom(80, 443, 8443), fc.integer({ min: 0, max: 65_535 }))),
    rest: fc.constantFrom('', '/', '/x', '?x', '#x', ':'),
  })
  fc.assert(
    fc.property(parts, ({ scheme, host, port, rest }) => {
      const address = `${scheme}://${host}${port === null ? '' : `:${port}`}${port === null || rest !== ':' ? rest : ''}`
      const { origin } = new URL(address)
      expect(isOrigin(origin)).toBe(true)
      expect(isOrigin(address)).toBe(address === origin)
    }),
    { numRuns: 500 },
  )
})

test('takes a long text in linear time, whatever it is', () => {
  for (const text of [
    `https://${'a.'.repeat(100_000)}/`,
    `https://[${':'.repeat(100_000)}`,
    'h'.repeat(100_000),
  ])
    expect(isOrigin(text)).toBe(false)
})
