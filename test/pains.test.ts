import { describe, expect, test } from 'vitest'
import { findNamedTests, isThere, readDocument } from './support/named-tests.ts'

// docs/client.md says of each pain of other clients which test proves it gone.

const table = readDocument('docs/client.md').split('| pain | answer | test |')[1] ?? ''
const rows = table
  .split('\n')
  .flatMap((line) => /^\| (?!-)(.+?) \| .+? \| (.+) \|$/.exec(line)?.slice(1, 3) ?? [])
  .flatMap((pain, index, cells) => (index % 2 === 0 ? [{ pain, cell: cells[index + 1] ?? '' }] : []))

test('the table is there', () => {
  expect(rows.length).toBeGreaterThan(25)
})

describe.each(rows)('$pain', ({ cell }) => {
  const named = findNamedTests(cell)

  test('has a test', () => {
    expect(named).not.toEqual([])
  })

  if (named.length > 0)
    test.each(named)('“$name” is in $file', (each) => {
      expect(isThere(each)).toBe(true)
    })
})
