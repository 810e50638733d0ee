import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sha256 } from '../../src/cache/sha256.ts'

const byNode = (text: string) => createHash('sha256').update(text).digest('hex')

describe("the cache's SHA-256", () => {
  test.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
  ])('of the text of the standard %j', (text, hash) => {
    expect(sha256(text)).toBe(hash)
  })

  test("is Node's at every length about a block's end", () => {
    for (let length = 0; length < 200; length++)
      expect(sha256('é'.repeat(length))).toBe(byNode('é'.repeat(length)))
  })

  test("is Node's for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2_000 }), (text) => sha256(text) === byNode(text)),
    )
  })
})
