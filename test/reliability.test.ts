import { describe, expect, test } from 'vitest'
import { findNamedTests, isThere, readDocument } from './support/named-tests.ts'

// docs/reliability.md says for every fault which test makes it, and what came of it.

const rows = readDocument('docs/reliability.md')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| what is (?:broken|done) /.test(line))
  .map((line) => line.slice(2, -2).split(' | '))

test('every row says what was done, what came of it, and by which test', () => {
  expect(rows.length).toBeGreaterThan(30)
  expect(rows.filter((cells) => cells.length !== 3)).toEqual([])
})

describe.each(rows)('%s', (_fault, _outcome, cell = '') => {
  const tests = [...cell.matchAll(/`([^`]+\.test\.ts)`/g)].map(([, file = '']) => file)

  test('has its test', () => {
    expect(tests.length).toBeGreaterThan(0)
    for (const file of tests) expect(readDocument(file)).toMatch(/\b(?:test|it)(?:\.each)?[(<]/)
    for (const each of findNamedTests(cell)) expect(isThere(each), each.name).toBe(true)
  })
})
