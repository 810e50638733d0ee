import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { expect, test } from 'vitest'
import { toDerSignature, toRawSignature } from '../src/der-signature.ts'

const der = (r: string, s: string) => {
  const body = [r, s].map((hex) => `02${(hex.length / 2).toString(16).padStart(2, '0')}${hex}`).join('')
  return Buffer.from(`30${(body.length / 2).toString(16).padStart(2, '0')}${body}`, 'hex')
}

test.each([
  ['a short integer is padded on the left', '01', '7f', `${'01'.padStart(64, '0')}${'7f'.padStart(64, '0')}`],
  [
    'a sign byte is dropped',
    `00${'ff'.repeat(32)}`,
    `00${'80'.padEnd(64, '1')}`,
    `${'ff'.repeat(32)}${'80'.padEnd(64, '1')}`,
  ],
  ['a whole integer stays', '7a'.repeat(32), '11'.repeat(32), `${'7a'.repeat(32)}${'11'.repeat(32)}`],
])('%s', (_promise, r, s, raw) => {
  expect(toRawSignature(der(r, s)).toString('hex')).toBe(raw)
  expect(toDerSignature(Buffer.from(raw, 'hex'))).toEqual(der(r, s))
})

test('Node verifies every converted signature in the form of a JWS', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  // Enough that short integers, about one signature in 128, are among them.
  for (let index = 0; index < 2000; index++) {
    const input = Buffer.from(`input ${index}`)
    const made = sign('sha256', input, privateKey)
    const signature = toRawSignature(made)
    expect(toDerSignature(signature)).toEqual(made)
    expect(verify('sha256', input, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true)
  }
})

test('integers of zero are written, and verify nothing', () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signature = toDerSignature(Buffer.alloc(64))
  expect(signature.toString('hex')).toBe('3006020100020100')
  expect(verify('sha256', Buffer.from('input'), publicKey, signature)).toBe(false)
})
