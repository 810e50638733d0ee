import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

// docs/security/attacks.md says for every attack which test holds it off.

const ROOT = new URL('../', import.meta.url)
const LAST = 70

const read = (path: string) => readFileSync(fileURLToPath(new URL(path, ROOT)), 'utf8')
const rows = read('docs/security/attacks.md')
  .split('\n')
  .flatMap((line) => {
    const match = /^\| (\d+) \| (.+?) \| (.+) \|$/.exec(line)
    return match === null ? [] : [{ number: Number(match[1]), cell: match[3] ?? '' }]
  })

test('every number from 1 on has one row', () => {
  expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: LAST }, (_, index) => index + 1))
})

describe.each(rows)('attack $number', ({ cell }) => {
  const tests = [...cell.matchAll(/`([^`]+\.ts)`: “([^”]+)”/g)].map(([, file = '', name = '']) => ({
    file,
    name,
  }))

  test('has a test, or a later part, or the reason why it cannot be', () => {
    if (tests.length === 0) expect(cell).toMatch(/^(?:later|not applicable): \S/)
  })

  if (tests.length > 0)
    test.each(tests)('“$name” is in $file', ({ file, name }) => {
      const source = read(file).replaceAll(/\\(['"`])/g, '$1')
      expect(
        ['test', 'it'].some((word) => source.includes(`${word}(`) || source.includes(`${word}.each`)),
      ).toBe(true)
      expect(
        source.includes(`'${name}'`) || source.includes(`"${name}"`) || source.includes(`\`${name}\``),
      ).toBe(true)
    })
})
