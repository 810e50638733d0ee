import { describe, expect, test } from 'vitest'
import { findNamedTests, isThere, readDocument } from './support/named-tests.ts'

// docs/security/attacks.md says for every attack which test holds it off.

const LAST = 70

const rows = readDocument('docs/security/attacks.md')
  .split('\n')
  .flatMap((line) => {
    const match = /^\| (\d+) \| (.+?) \| (.+) \|$/.exec(line)
    return match === null ? [] : [{ number: Number(match[1]), cell: match[3] ?? '' }]
  })

test('every number from 1 on has one row', () => {
  expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: LAST }, (_, index) => index + 1))
})

describe.each(rows)('attack $number', ({ cell }) => {
  const tests = findNamedTests(cell)

  test('has a test, or a later part, or the reason why it cannot be', () => {
    if (tests.length === 0) expect(cell).toMatch(/^(?:later|not applicable): \S/)
  })

  if (tests.length > 0)
    test.each(tests)('“$name” is in $file', (each) => {
      expect(isThere(each)).toBe(true)
    })
})
