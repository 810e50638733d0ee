import { createDecipheriv, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seal, UnsealError, unseal } from '../src/master-key.ts'

const masterKey = randomBytes(32)
const plaintext = Buffer.from('a private key LEAK')
const sealed = seal(masterKey, plaintext, 'row:1', randomBytes)

test('what was sealed opens under the same master key and context, whatever it is', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.string(), (bytes, context) => {
      const box = seal(masterKey, Buffer.from(bytes), context, randomBytes)
      expect(unseal(masterKey, box, context)).toEqual(Buffer.from(bytes))
    }),
  )
})

test('the layout is format 1, nonce, tag, ciphertext, so that a later version can read it', () => {
  expect(sealed[0]).toBe(1)
  expect(sealed).toHaveLength(1 + 12 + 16 + plaintext.length)
  const decipher = createDecipheriv('aes-256-gcm', masterKey, sealed.subarray(1, 13))
  decipher.setAAD(Buffer.from('row:1'))
  decipher.setAuthTag(sealed.subarray(13, 29))
  expect(Buffer.concat([decipher.update(sealed.subarray(29)), decipher.final()])).toEqual(plaintext)
})

test('no two sealings are alike, since the nonce is drawn each time', () => {
  const again = seal(masterKey, plaintext, 'row:1', randomBytes)
  expect(again.subarray(1, 13)).not.toEqual(sealed.subarray(1, 13))
  expect(again.subarray(29)).not.toEqual(sealed.subarray(29))
})

test('a box with any one bit changed does not open', () => {
  for (let bit = 0; bit < sealed.length * 8; bit += 1) {
    const tampered = Buffer.from(sealed)
    tampered[bit >> 3] = (tampered[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    expect(() => unseal(masterKey, tampered, 'row:1')).toThrow(UnsealError)
  }
})

test('a box that is cut short or longer does not open', () => {
  for (let length = 0; length < sealed.length; length += 1)
    expect(() => unseal(masterKey, sealed.subarray(0, length), 'row:1')).toThrow(UnsealError)
  expect(() => unseal(masterKey, Buffer.concat([sealed, Buffer.of(0)]), 'row:1')).toThrow(UnsealError)
})

test('another context or another master key does not open it, and the error tells neither', () => {
  expect(() => unseal(masterKey, sealed, 'row:2')).toThrow(UnsealError)
  const other = randomBytes(32)
  const error = captured(() => unseal(other, sealed, 'row:1'))
  expect(error).toBeInstanceOf(UnsealError)
  for (const key of [masterKey, other]) expect(String(error)).not.toContain(key.toString('base64url'))
})

function captured(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}
