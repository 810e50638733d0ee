import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { COMMANDS } from '../src/command-table.ts'
import { Refusal } from '../src/exit-codes.ts'
import { parseOptions } from '../src/options.ts'
import { SKILL } from '../src/skill-row.ts'

function refusalOf(
  argv: readonly string[],
  command = COMMANDS.token as Parameters<typeof parseOptions>[1],
): string {
  try {
    parseOptions(argv, command)
  } catch (fault) {
    expect(fault).toBeInstanceOf(Refusal)
    const { exitCode, message } = fault as Refusal
    expect(exitCode).toBe(2)
    expect(message).not.toContain('LEAK')
    expect(message).toMatch(/; see .* --help$/)
    return message.replace(/; see .*$/, '')
  }
  return expect.unreachable()
}

test('options are read in both of their forms, and scopes keep their order', () => {
  const argv = [
    '--scope=b',
    '--scope',
    'a',
    '--scope',
    'b',
    '--api-version',
    'v1',
    '--api-url=https://a.example',
  ]
  expect(parseOptions([...argv, '--timeout', '2.5', '--output', 'f'], COMMANDS.token)).toMatchObject({
    scopes: ['b', 'a', 'b'],
    apiVersion: 'v1',
    apiUrl: 'https://a.example',
    timeoutMs: 2500,
    output: 'f',
  })
})

test('the skill’s script checks without a scope', () => {
  expect(parseOptions(['--check'], SKILL)).toMatchObject({ check: true, scopes: [] })
})

describe('wrong usage', () => {
  const none = (place: number) =>
    `argument ${place} is none of its options, and no option takes a key or a secret`
  test.each([
    [[], '--scope is needed'],
    [['--scope'], '--scope needs a value'],
    [['--scope', ''], '--scope needs a value'],
    [['--scope='], '--scope needs a value'],
    [['--scope', '--output'], '--scope needs a value'],
    [['--scope', 's', 'LEAK'], none(3)],
    [['--scope', 's', '--', 'LEAK'], none(3)],
    [['--key-secret', 'LEAK'], none(1)],
    [['--key_secret=LEAK'], none(1)],
    [['--scope', 's', '--secret=LEAK'], none(3)],
    [['-LEAK'], none(1)],
    [['--LEAK'], none(1)],
    [['--no-scope'], none(1)],
    [['--constructor'], none(1)],
    [['--online'], none(1)],
    [['--help=LEAK'], '--help takes no value'],
    [['--scope', 's', '--output', 'a', '--output', 'b'], '--output is given twice'],
    [['--scope', 's', '--api-version', 'LEAK'], '--api-version is one of v0, v1'],
    ...['0', '-1', 'LEAK', '1e3', '0x10', ' 1', '86401', '1.0001', '٣'].map((value) => [
      ['--scope', 's', `--timeout=${value}`],
      '--timeout is a number of seconds above 0, 86400 at most',
    ]),
  ] as [string[], string][])('%j: %s', (argv, message) => {
    expect(refusalOf(argv)).toBe(message)
  })

  test('a secret that was typed anywhere is to be rotated', () => {
    for (const argv of [
      ['ih_live_LEAK'],
      ['--scope', 'ih_live_LEAK'],
      ['--x=ih_live_LEAK'],
      ['--help', 'ih_live_LEAK'],
    ])
      expect(refusalOf(argv)).toBe('a key secret was typed, which other processes can have seen; rotate it')
  })

  test('a scope for a check that asks nobody', () => {
    expect(refusalOf(['--scope', 's'], COMMANDS.check)).toBe('--scope goes with --online')
  })

  test('of any kind is a refusal that repeats nothing', () => {
    const argument = fc.oneof(
      fc.string().map((text) => `LEAK${text}`),
      fc.string().map((text) => `--LEAK${text}`),
      fc.constantFrom('--scope', '--timeout', '--output', '--', '-', '--api-url', '-LEAK', '--help'),
    )
    fc.assert(
      fc.property(fc.array(argument), (argv) => {
        try {
          parseOptions(argv, COMMANDS.token)
        } catch (fault) {
          expect(fault).toBeInstanceOf(Refusal)
          expect((fault as Refusal).message).not.toContain('LEAK')
        }
      }),
      { numRuns: 3000 },
    )
  })
})
