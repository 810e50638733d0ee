import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatAssignment, isAssignable, parseDotenv } from '../../src/credentials/dotenv.ts'

const names = ['ID', 'SECRET']

function valuesOf(text: string): Record<string, string> {
  const reading = parseDotenv(text, names)
  if ('problem' in reading) throw new Error(reading.problem)
  return Object.fromEntries(reading.values)
}

describe('a file in dotenv form', () => {
  test.each([
    ['plain', 'ID=a\nSECRET=b\n', { ID: 'a', SECRET: 'b' }],
    ['without a last line end', 'ID=a', { ID: 'a' }],
    ['with a byte order mark and CRLF', '\uFEFFID=a\r\nSECRET=b\r\n', { ID: 'a', SECRET: 'b' }],
    ['with comments and blank lines', '# ID=x\n\n  # y\nID=a # z\nSECRET=b\t#c', { ID: 'a', SECRET: 'b' }],
    ['with a number sign inside a value', 'ID=a#b', { ID: 'a#b' }],
    ['with export and spaces', ' export  ID = a \n\texport SECRET=b', { ID: 'a', SECRET: 'b' }],
    ['with quotes', `ID="a # b"\nSECRET='c\\d' # e`, { ID: 'a # b', SECRET: 'c\\d' }],
    ['with quotes inside', `ID=a"b'c`, { ID: `a"b'c` }],
    [
      'with a dollar sign, which stands for itself',
      'ID=$HOME\nSECRET="$HOME"',
      { ID: '$HOME', SECRET: '$HOME' },
    ],
    ['with an equals sign in a value', 'ID=a=b==', { ID: 'a=b==' }],
    ['with empty values', 'ID=\nSECRET=""', { ID: '', SECRET: '' }],
    ['with nothing but a comment for a value', 'ID=#a', { ID: '' }],
    ['with other names, whatever they hold', 'OTHER="open\nX.Y=\\\nOTHER=again\nID=a', { ID: 'a' }],
    ['with look-alike names', 'ID2=x\nMY_ID=y\nid=z\nID=a', { ID: 'a' }],
    ['empty', '', {}],
  ])('%s is read', (_, text, values) => {
    expect(valuesOf(text)).toEqual(values)
  })

  test.each([
    ['a name twice', 'ID=LEAK\nID=LEAK', 'it names ID twice'],
    ['a name twice, the same value', 'ID=a\nexport ID=a', 'it names ID twice'],
    ['no assignment', 'ID=a\nLEAK', 'line 2 is not of the form NAME=value'],
    ['a line of another format', '{"ID":"LEAK"}', 'line 1 is not of the form NAME=value'],
    ['an open quote', 'ID="LEAK', 'the value in line 1 is not quoted plainly'],
    ['a quote inside quotes', 'ID="a"LEAK"', 'the value in line 1 is not quoted plainly'],
    ['text after a quote', 'ID="a"LEAK', 'the value in line 1 is not quoted plainly'],
    ['a backslash in double quotes', 'ID="LEAK\\n"', 'the value in line 1 is not quoted plainly'],
    ['a value over two lines', "ID='LEAK\nLEAK'", 'the value in line 1 is not quoted plainly'],
  ])('with %s is a problem that is named and not quoted', (_, text, problem) => {
    expect(parseDotenv(text, names)).toEqual({ problem })
  })

  test('gives back what was written plainly in single quotes', () => {
    const value = fc.string().filter((text) => !/['\r\n]/.test(text))
    fc.assert(
      fc.property(value, value, (id, secret) => {
        expect(valuesOf(`ID='${id}'\nSECRET='${secret}'`)).toEqual({ ID: id, SECRET: secret })
      }),
    )
  })

  test('of any text is read in linear time, and its problem quotes nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...`ID=SECRET"'#\\ \t\n`) }), (text) => {
        const reading = parseDotenv(text, names)
        if ('problem' in reading)
          expect(reading.problem).toMatch(
            /^(?:it names (?:ID|SECRET) twice|(?:the value in )?line \d+ is not .*)$/,
          )
      }),
      { numRuns: 5000 },
    )
    expect(parseDotenv(`ID=${' \t'.repeat(30_000)}x#"`, names)).toHaveProperty('values')
    expect(parseDotenv(`ID="${'"#'.repeat(30_000)}x`, names)).toHaveProperty('problem')
  })
})

describe('an assignment that is written', () => {
  test('reads back as the value that it was, or is said to be impossible', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom("'", '"', '\\', '#', ' ', 'a') })),
        (value) => {
          if (!isAssignable(value)) {
            expect(value).toMatch(/['\r\n]/)
            return
          }
          const reading = parseDotenv(formatAssignment('A', value), ['A'])
          expect('values' in reading && reading.values.get('A')).toBe(value)
        },
      ),
    )
  })
})
