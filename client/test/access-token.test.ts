import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { AccessToken } from '../src/index.ts'

const parts = {
  value: 'LEAK-value',
  raw: 'LEAK-raw',
  scopes: ['a'],
  expiresInSeconds: 900,
  expiresAt: 1_800_000_000,
}

test('an access token gives its value to whoever asks for it by name, and shows it nowhere else', () => {
  const token = new AccessToken(parts)
  expect([token.value, token.raw]).toEqual(['LEAK-value', 'LEAK-raw'])
  const shown = [
    inspect(token, { depth: Infinity, showHidden: true, getters: true }),
    JSON.stringify(token),
    JSON.stringify({ ...token }),
    String(token),
    JSON.stringify(structuredClone(token)),
    JSON.stringify(Object.entries(Object.getOwnPropertyDescriptors(token))),
  ]
  expect(shown.join('\n')).not.toContain('LEAK')
  expect(shown[0]).toContain('expiresAt')
})

test('an access token cannot be changed, nor through what it was made of', () => {
  const scopes = ['a']
  const token = new AccessToken({ ...parts, scopes })
  scopes.push('b')
  expect(token.scopes).toEqual(['a'])
  expect(Object.isFrozen(token) && Object.isFrozen(token.scopes)).toBe(true)
  expect(() => Object.assign(token, { value: 'other' })).toThrow(TypeError)
})
