import { expect, test, vi } from 'vitest'
import { rememberSignatures } from '../src/remember-signatures.ts'
import type { VerificationKey } from '../src/verification-key.ts'

function newKey(good: string): VerificationKey & { checks(): number } {
  const matches = vi.fn((signed: string, signature: Uint8Array) => `${signed}${signature[0]}` === good)
  return { algorithm: 'ES256', matches, checks: () => matches.mock.calls.length }
}
const bytes = (first: number) => Uint8Array.of(first)

test('a good signature is checked once, and only that one', () => {
  const key = newKey('a1')
  const find = rememberSignatures((kid) => (kid === 'k' ? key : undefined))
  for (let time = 0; time < 3; time += 1) expect(find('k')?.matches('a', bytes(1))).toBe(true)
  expect(key.checks()).toBe(1)
  expect(find('k')?.matches('a', bytes(2))).toBe(false)
  expect(find('k')?.matches('b', bytes(1))).toBe(false)
  expect(find('other')).toBeUndefined()
})

test('a bad signature is never remembered', () => {
  const key = newKey('a1')
  const find = rememberSignatures(() => key)
  for (let time = 0; time < 3; time += 1) expect(find('k')?.matches('a', bytes(2))).toBe(false)
  expect(key.checks()).toBe(3)
})

test('what one key signed is not good under another of the same kid, nor where the key is gone', () => {
  let key: VerificationKey | undefined = newKey('a1')
  const find = rememberSignatures(() => key)
  expect(find('k')?.matches('a', bytes(1))).toBe(true)
  key = newKey('b1')
  expect(find('k')?.matches('a', bytes(1))).toBe(false)
  key = undefined
  expect(find('k')).toBeUndefined()
})
