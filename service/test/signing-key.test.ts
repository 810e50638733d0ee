import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto'
import { ALGORITHMS, type Algorithm } from '@interhuman-auth/protocol'
import { calculateJwkThumbprint } from 'jose'
import { expect, test } from 'vitest'
import { UnsealError, unseal } from '../src/master-key.ts'
import { createSigningKey, openSigningKey, resealSigningKey } from '../src/signing-key.ts'

const masterKey = randomBytes(32)
const create = (algorithm: Algorithm, state: 'next' | 'active' = 'active') =>
  createSigningKey(state, { algorithm, masterKey, now: 1000, randomBytes })

test('a key that signs from the start has signed since it was made; one that is next never has', () => {
  expect(create('ES256')).toMatchObject({
    createdAt: 1000,
    activatedAt: 1000,
    retiredAt: null,
    lostAt: null,
  })
  expect(create('ES256', 'next')).toMatchObject({
    createdAt: 1000,
    activatedAt: null,
    retiredAt: null,
    lostAt: null,
  })
})

test.each(['ES256', 'EdDSA'] as const)('the kid of %s is the thumbprint of RFC 7638', async (algorithm) => {
  const { kid, publicJwk } = create(algorithm)
  expect(kid).toBe(await calculateJwkThumbprint({ ...publicJwk }))
})

test.each(ALGORITHMS)(
  'the private part of %s stands in the row sealed, and opens to the public part',
  (algorithm) => {
    const key = create(algorithm)
    const opened = openSigningKey(key, masterKey)
    expect(opened).toMatchObject({ kid: key.kid, algorithm })
    const bytes = unseal(masterKey, key.sealedPrivateKey, `signing-key:${algorithm}:${key.kid}`)
    expect(key.sealedPrivateKey.includes(bytes.subarray(-32))).toBe(false)
    if (algorithm === 'HS256') return expect(opened.privateKey.export()).toEqual(bytes)
    const { x } = createPublicKey(createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' })).export({
      format: 'jwk',
    })
    expect(key.publicJwk?.x).toBe(x)
  },
)

test('a sealed key does not open under another master key, nor in the row of another key or algorithm', () => {
  const [first, second] = [create('ES256'), create('ES256', 'next')]
  expect(() => openSigningKey(first, randomBytes(32))).toThrow(UnsealError)
  const moved = { ...first, sealedPrivateKey: second.sealedPrivateKey }
  expect(() => openSigningKey(moved, masterKey)).toThrow(UnsealError)
  expect(() => openSigningKey({ ...first, algorithm: 'HS256' }, masterKey)).toThrow(UnsealError)
})

test.each(ALGORITHMS)(
  'a key of %s that is sealed anew is the same key under the other master key',
  (algorithm) => {
    const key = create(algorithm)
    const to = randomBytes(32)
    const again = resealSigningKey(key, { from: masterKey, to }, randomBytes)
    expect({ ...again, sealedPrivateKey: key.sealedPrivateKey }).toEqual(key)
    expect(() => openSigningKey(again, masterKey)).toThrow(UnsealError)
    const exported = (of: typeof key, under: Buffer) => {
      const { privateKey } = openSigningKey(of, under)
      return privateKey.type === 'secret'
        ? privateKey.export()
        : privateKey.export({ format: 'der', type: 'pkcs8' })
    }
    expect(exported(again, to)).toEqual(exported(key, masterKey))
    expect(() => resealSigningKey(key, { from: to, to: masterKey }, randomBytes)).toThrow(UnsealError)
  },
)
