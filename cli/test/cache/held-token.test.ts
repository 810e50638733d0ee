import { describe, expect, test } from 'vitest'
import { formatHeld, nameOf, parseHeld, secondsLeft, standingOf } from '../../src/cache/held-token.ts'
import { TwoClocks, token, use } from '../support/token-use.ts'

describe('a held token', () => {
  test.each([
    [0, 900, 'fresh'],
    [719, 900, 'fresh'],
    [720, 900, 'due'],
    [881, 900, 'due'],
    [882, 900, 'spent'],
    [54, 60, 'due'],
    [55, 60, 'spent'],
    [0, 10, 'fresh'],
    [5, 10, 'spent'],
    [0, 5, 'spent'],
  ])('after %i of its %i seconds is %s', (age, lifetimeSeconds, standing) => {
    const clocks = new TwoClocks()
    clocks.pass(age)
    expect(standingOf({ ...token, lifetimeSeconds }, clocks)).toBe(standing)
  })

  test('is as old as the clock says that says more: one set back, or stopped, makes it no younger', () => {
    const clocks = new TwoClocks()
    clocks.pass(600)
    clocks.wall -= 300
    expect(secondsLeft(token, clocks)).toBe(300)
    clocks.wall += 600
    expect(secondsLeft(token, clocks)).toBe(0)
  })

  test('is spent when a clock says that it is yet to be issued: a clock set back, or a machine started anew', () => {
    const clocks = new TwoClocks()
    clocks.wall -= 1
    expect(standingOf(token, clocks)).toBe('spent')
    clocks.wall += 1
    clocks.machine -= 100
    expect(standingOf(token, clocks)).toBe('spent')
  })
})

describe('the text of a held token', () => {
  const text = formatHeld(token, use, 'salt')

  test('gives the token back for the very same use, its scopes in any order and number', () => {
    expect(parseHeld(text, use)).toEqual(token)
    expect(parseHeld(text, { ...use, scopes: ['stream', 'upload', 'stream'] })).toEqual(token)
  })

  test.each([
    ['key id', { keyId: 'ihk_other' }],
    ['secret', { keySecret: 'LEAKother' }],
    ['address', { apiUrl: 'https://api.example/v' }],
    ['fewer scopes', { scopes: ['upload'] }],
    ['more scopes', { scopes: ['upload', 'stream', 'x'] }],
    ['scopes that read alike when joined', { scopes: ['upload stream'] }],
    ['version', { apiVersion: 'v1' }],
  ])('gives nothing for another %s', (_, other) => {
    expect(parseHeld(text, { ...use, ...other })).toBeUndefined()
  })

  test('holds no secret, and with another salt not even the same hash of it', () => {
    expect(text).not.toContain(use.keySecret)
    expect(text).not.toContain(JSON.stringify(use.keySecret).slice(1, -1))
    expect(JSON.parse(text).use).not.toBe(JSON.parse(formatHeld(token, use, 'other')).use)
  })

  test.each([
    ['nothing', ''],
    ['half of it', text.slice(0, text.length / 2)],
    ['zeros', '\0'.repeat(300)],
    ['null', 'null'],
    ['another format', text.replace('"format":1', '"format":2')],
    ['no token', text.replace('LEAKtoken', '')],
    ['a token that a shell or a header would read otherwise', text.replace('LEAKtoken', "'; rm -rf /")],
    ['a token with a line end', text.replace('LEAKtoken', 'a\\nb')],
    ['a life without end', text.replace('"lifetimeSeconds":900', '"lifetimeSeconds":1e308')],
    ['a life of more than a day', text.replace('"lifetimeSeconds":900', '"lifetimeSeconds":86401')],
    ['a time that is no number', text.replace('"issuedAtMs":1000000', '"issuedAtMs":"1"')],
    ['scopes that are none', text.replace('["upload"]', '[1]')],
    ['a hash that is longer', text.replace('"use":"', '"use":"0')],
  ])('gives nothing when it is %s', (_, damaged) => {
    expect(damaged).not.toBe(text)
    expect(parseHeld(damaged, use)).toBeUndefined()
  })

  test('has a name without any secret, one for every use but for the secret, and one a machine', () => {
    const name = nameOf(use, 'host')
    expect(name).toMatch(/^[0-9a-f]{40}$/)
    expect(nameOf({ ...use, keySecret: 'LEAKother', scopes: ['stream', 'upload'] }, 'host')).toBe(name)
    const others = [
      nameOf(use, 'other'),
      nameOf({ ...use, keyId: 'x' }, 'host'),
      nameOf({ ...use, apiUrl: 'https://x' }, 'host'),
      nameOf({ ...use, scopes: ['upload'] }, 'host'),
      nameOf({ ...use, apiVersion: 'v1' }, 'host'),
    ]
    expect(new Set([name, ...others]).size).toBe(6)
  })
})
