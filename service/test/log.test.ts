import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLog } from '../src/log.ts'

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('a"b\\c\nd\u2028', '\u0000\ud800'),
)
const fields = fc.record({
  event: text,
  status: fc.integer(),
  ms: fc.double(),
  client: fc.option(text, { nil: undefined }),
  route: fc.option(text),
})

test.each([undefined, 2])('a plain line is what pino writes, letter for letter (worker %s)', (worker) => {
  const lines: string[] = []
  const log = createLog(
    { level: 'info', worker },
    { write: (line) => lines.push(line) },
    () => 1_700_000_000_123,
  )
  fc.assert(
    fc.property(fields, (record) => {
      lines.length = 0
      log.plain(record)
      log.info(record)
      expect(lines[0]).toBe(lines[1])
      expect(lines[0]?.slice(0, -1)).not.toContain('\n')
    }),
  )
})

test('where only warnings are asked for, a plain line is not written', () => {
  const lines: string[] = []
  const log = createLog({ level: 'warn' }, { write: (line) => lines.push(line) })
  log.plain({ event: 'request' })
  log.warn({ event: 'seen' })
  expect(lines).toHaveLength(1)
})
