import { describe, expect, test } from 'vitest'
import { addressPrefix, createClientAddress, isTrustedPeer, parseNetwork } from '../src/client-address.ts'

const trusted = ['10.0.0.0/8', 'fd00:1::/32', '192.0.2.7'].map(parseNetwork)
const addressOf = createClientAddress(trusted)

describe('without trusted proxies', () => {
  const plain = createClientAddress([])

  test.each(['203.0.113.9', '10.0.0.1', '127.0.0.1', '10.0.0.1, 203.0.113.9', 'garbage', ''])(
    'attack 68: a forged X-Forwarded-For (%j) changes nothing',
    (forged) => {
      expect(plain('10.0.0.1', forged)).toBe('10.0.0.1')
      expect(plain('198.51.100.4', forged)).toBe('198.51.100.4')
    },
  )

  test('IPv4 that came to an IPv6 socket is IPv4, and a zone is left out', () => {
    expect(plain('::ffff:198.51.100.4', undefined)).toBe('198.51.100.4')
    expect(plain('fe80::1%eth0', undefined)).toBe('fe80::1')
    expect(plain('2001:db8::1', undefined)).toBe('2001:db8::1')
  })

  test('a connection that has gone has no address', () => {
    expect(plain(undefined, '10.0.0.1')).toBe('unknown')
  })
})

describe('with trusted proxies', () => {
  test('attack 68: a peer that is none of them is not believed', () => {
    expect(addressOf('198.51.100.4', '203.0.113.9')).toBe('198.51.100.4')
    expect(addressOf('11.0.0.1', '203.0.113.9')).toBe('11.0.0.1')
  })

  test.each([
    ['203.0.113.9', '203.0.113.9'],
    ['1.1.1.1, 203.0.113.9', '203.0.113.9'],
    ['10.9.9.9, 203.0.113.9', '203.0.113.9'],
    ['127.0.0.1,203.0.113.9 , 10.2.3.4', '203.0.113.9'],
    ['203.0.113.9, 192.0.2.7, fd00:1::9', '203.0.113.9'],
    ['10.0.0.5, 10.0.0.6', '10.0.0.5'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['203.0.113.9:4711', '203.0.113.9'],
    ['[2001:db8::1]:4711', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
  ])('the right-most address that is none counts: %j is %j', (header, address) => {
    expect(addressOf('10.0.0.1', header)).toBe(address)
    expect(addressOf('::ffff:10.0.0.1', header)).toBe(address)
  })

  test.each([
    '010.0.0.1',
    '203.0.113.09',
    '0x7f.0.0.1',
    '127.1',
    '2130706433',
    'fe80::1%eth0',
    '::203.0.113.9',
    '::ffff:010.0.0.1',
    '203.0.113.9/8',
    'unknown',
    '_hidden',
    'localhost',
    '',
    '203.0.113.9,',
    '203.0.113.9\u0000',
    '203.0.113.9, nonsense, 10.0.0.2',
  ])('attack 68: %j is no address, and the proxy that wrote it stands for it', (header) => {
    expect(addressOf('10.0.0.1', header)).toMatch(/^10\.0\.0\.[12]$/)
  })

  test('without the header it is the proxy itself', () => {
    expect(addressOf('10.0.0.1', undefined)).toBe('10.0.0.1')
  })

  test('a header of ten thousand hops is read from its end only', () => {
    expect(addressOf('10.0.0.1', `${'10.0.0.1, '.repeat(10_000)}203.0.113.9`)).toBe('203.0.113.9')
  })

  test('it is known which peer is one', () => {
    expect(isTrustedPeer('::ffff:10.1.1.1', trusted)).toBe(true)
    expect(isTrustedPeer('fd00:1:2::3', trusted)).toBe(true)
    expect(isTrustedPeer('192.0.2.8', trusted)).toBe(false)
    expect(isTrustedPeer(undefined, trusted)).toBe(false)
  })
})

test.each([
  '10.0.0.0/33',
  '10.0.0.0/0',
  '::/0',
  'fd00::/129',
  '010.0.0.0/8',
  '10.0.0/8',
  '10.0.0.0/08',
  '10.0.0.0/',
  '10.0.0.0/8/8',
  '::ffff:10.0.0.0/104',
  'fe80::1%eth0',
  'loopback',
  '',
])('%j is no network of proxies to trust', (text) => {
  expect(() => parseNetwork(text)).toThrow(TypeError)
})

test('one client is an IPv4 address or the /64 of an IPv6 address', () => {
  expect(addressPrefix('198.51.100.4')).toBe('198.51.100.4')
  expect(addressPrefix('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64')
  expect(addressPrefix('2001:db8:1:2::')).toBe('2001:db8:1:2::/64')
  expect(addressPrefix('unknown')).toBe('unknown')
})
