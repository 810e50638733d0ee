import { describe, expect, test } from 'vitest'
import { API_KEY_TOKEN_TYPE, parseIntrospectionResponse } from '../src/index.ts'

const good = {
  active: true,
  token_type: API_KEY_TOKEN_TYPE,
  scope: 'interhumanai.upload',
  client_id: 'ihk_1',
  sub: 'ihk_1',
  gen: 3,
  iss: 'https://auth.example.com',
  aud: 'https://auth.example.com',
}

describe('what introspection says', () => {
  test('of a good credential is read, other members left out', () => {
    expect(parseIntrospectionResponse(good)).toEqual(good)
    expect(parseIntrospectionResponse({ ...good, exp: 5, jti: 'x', more: {} })).toEqual({ ...good, exp: 5 })
    expect(parseIntrospectionResponse({ ...good, scope: '', gen: 0 })).toMatchObject({ scope: '', gen: 0 })
  })

  test('of any other is that it is not active, and nothing else', () => {
    expect(parseIntrospectionResponse({ active: false })).toEqual({ active: false })
    expect(parseIntrospectionResponse({ ...good, active: false })).toEqual({ active: false })
  })

  test.each<[string, unknown]>([
    ['no object', null],
    ['a text', 'true'],
    ['a list', []],
    ['nothing about it', {}],
    ['active as a text', { ...good, active: 'true' }],
    ['active as a number', { ...good, active: 1 }],
    ['inherited members', Object.create(null, { __proto__: { value: good } })],
    ...Object.keys(good).map((name) => [`no ${name}`, { ...good, [name]: undefined }] as [string, unknown]),
    ['another subject', { ...good, sub: 'ihk_2' }],
    ['a list of audiences', { ...good, aud: [good.aud] }],
    ['a list of scopes', { ...good, scope: ['interhumanai.upload'] }],
    ['a generation that is none', { ...good, gen: 1.5 }],
    ['an end that is none', { ...good, exp: '5' }],
    ['an end without end', { ...good, exp: null }],
  ])('with %s is no answer', (_what, body) => {
    expect(parseIntrospectionResponse(body)).toBeUndefined()
  })
})
