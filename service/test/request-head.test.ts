import { expect, test } from 'vitest'
import { isPlainHead, pathOf, readRefusedLine } from '../src/request-head.ts'

const head = (rawHeaders: string[], coding?: string, httpVersion = '1.1') => ({
  httpVersion,
  headers: { 'transfer-encoding': coding },
  rawHeaders,
})
test('HTTP/1.1 needs exactly one Host, HTTP/1.0 at most one (RFC 9112 section 3.2)', () => {
  expect(isPlainHead(head(['Host', 'a']))).toBe(true)
  expect(isPlainHead(head(['X', 'host', 'HOST', 'a', 'Accept', '*/*']))).toBe(true)
  expect(isPlainHead(head([]))).toBe(false)
  expect(isPlainHead(head(['X', 'host']))).toBe(false)
  expect(isPlainHead(head(['Host', 'a', 'host', 'a']))).toBe(false)
  expect(isPlainHead(head([], undefined, '1.0'))).toBe(true)
  expect(isPlainHead(head(['Host', 'a', 'Host', 'b'], undefined, '1.0'))).toBe(false)
})

test('an Authorization that comes twice is refused: whoever stands in front may have read the other one', () => {
  expect(isPlainHead(head(['Host', 'a', 'authorization', 'Basic LEAK']))).toBe(true)
  expect(isPlainHead(head(['Host', 'a', 'Authorization', 'a', 'AUTHORIZATION', 'a']))).toBe(false)
})

test('chunked is the only transfer coding', () => {
  for (const coding of ['chunked', 'Chunked']) expect(isPlainHead(head(['Host', 'a'], coding))).toBe(true)
  for (const coding of ['', 'identity', 'gzip, chunked', 'chunked, chunked', 'xchunked', 'chunked;a=b'])
    expect(isPlainHead(head(['Host', 'a'], coding))).toBe(false)
})

test.each([
  ['/v0/auth', '/v0/auth'],
  ['/v0/auth?key_secret=LEAK', '/v0/auth'],
  ['/v0/auth#x', '/v0/auth'],
  ['http://a.test:80/v0/auth?x', '/v0/auth'],
  ['HTTPS://a.test', ''],
  ['/http://a.test/v0/auth', '/http://a.test/v0/auth'],
  ['*', '*'],
  [undefined, ''],
])('the path of %s is "%s"', (target, path) => {
  expect(pathOf(target)).toBe(path)
})

test('of what the parser refused only the request line is read', () => {
  const read = (text: string) => readRefusedLine(Buffer.from(text, 'latin1'))
  expect(read('FROB /v0/auth HTTP/1.1\r\nHost')).toEqual({ target: '/v0/auth', unknownMethod: true })
  expect(read('POST /v0/auth HTTP/1.1\r\nHost')).toEqual({ target: '/v0/auth', unknownMethod: false })
  expect(read(`POST /v0/auth?${'a'.repeat(9999)}`)).toMatchObject({ unknownMethod: false })
  for (const text of [
    '',
    'garbage',
    '\u0016\u0003\u0001',
    'FROB example.com:1 HTTP/1.1\r\n',
    'A\0B /v0 HTTP/1.1\r\n',
  ])
    expect(read(text)).toBeUndefined()
  expect(read('FROB /v0/auth HTTP/2.0\r\n')).toMatchObject({ unknownMethod: false })
  expect(readRefusedLine(undefined)).toBeUndefined()
})
