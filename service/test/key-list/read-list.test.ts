import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { STREAM_SCOPE, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ListEntry } from '../../src/key-list/entry.ts'
import { checkList, type ListFormat, readEntries } from '../../src/key-list/read-list.ts'
import { OperatorError } from '../../src/operator-error.ts'

const NOW = 1_800_000_000
const PLAIN = { direct: false, expiresAt: null, expiresInSeconds: null }

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-list-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function write(format: ListFormat, content: string | Buffer) {
  const file = join(folder, `list.${format}`)
  writeFileSync(file, content)
  return { file, format }
}

async function read(format: ListFormat, content: string | Buffer): Promise<ListEntry[]> {
  const list = write(format, content)
  const { keys } = await checkList(list, NOW)
  const entries: ListEntry[] = []
  for await (const entry of readEntries(list, NOW)) entries.push(entry)
  expect(entries).toHaveLength(keys)
  return entries
}

async function refusal(format: ListFormat, content: string | Buffer): Promise<string> {
  const error = await read(format, content).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof OperatorError)) throw error ?? new Error('it was taken')
  return error.message
}

describe('a list in CSV', () => {
  test('has its columns in any order, and quotes where a cell needs them', async () => {
    const content = `scopes,name,direct,expires_at,expires_in_seconds
${UPLOAD_SCOPE},plain,,,
"${UPLOAD_SCOPE} ${STREAM_SCOPE}","with ""quotes"", a comma",on,2030-01-31T12:00:00Z,
${STREAM_SCOPE}, blanks stay in the middle ,FALSE,,3600
`
    expect(await read('csv', content)).toEqual([
      { line: 2, name: 'plain', scopes: [UPLOAD_SCOPE], ...PLAIN },
      {
        ...{ line: 3, name: 'with "quotes", a comma', scopes: [UPLOAD_SCOPE, STREAM_SCOPE], direct: true },
        ...{ expiresAt: Date.parse('2030-01-31T12:00:00Z') / 1000, expiresInSeconds: null },
      },
      {
        ...{ line: 4, name: expect.stringContaining('blanks stay in the middle'), scopes: [STREAM_SCOPE] },
        ...{ direct: false, expiresAt: null, expiresInSeconds: 3600 },
      },
    ])
  })

  test('may have a byte order mark, CRLF, empty lines and no newline at its end', async () => {
    const content = `\uFEFFname,scopes\r\n\r\none,${UPLOAD_SCOPE}\r\ntwo,${UPLOAD_SCOPE}`
    expect((await read('csv', content)).map(({ line, name }) => [line, name])).toEqual([
      [3, 'one'],
      [4, 'two'],
    ])
  })

  test.each([
    [
      'no heading',
      `one,${UPLOAD_SCOPE}\n`,
      'line 1 is the heading, and column 1 of it is none of name, scopes',
    ],
    ['a column twice', `name,scopes,name\n`, 'line 1 is the heading, and column 3 of it is there twice'],
    ['no scopes', `name\none\n`, 'line 1 is the heading, and it has no column scopes'],
    ['too few cells', `name,scopes\none\n`, 'line 2 has not the 2 columns of the heading'],
    ['an open quote', `name,scopes\n"one,${UPLOAD_SCOPE}\n`, 'line 2 or one soon after it begins a quote'],
    ['a quote inside', `name,scopes\no"ne,${UPLOAD_SCOPE}\n`, 'line 2 has a quote in the wrong place'],
    ['nothing behind the heading', `name,scopes\n`, 'the list asks for no key'],
    ['nothing', '', 'the list asks for no key'],
    [
      'another switch',
      `name,scopes,direct\none,${UPLOAD_SCOPE},yes\n`,
      'line 2 has a direct that is neither',
    ],
  ])('with %s is refused', async (_what, content, message) => {
    expect(await refusal('csv', content)).toContain(message)
  })
})

describe('a list in JSON Lines', () => {
  test('is an object a line', async () => {
    const content = [
      JSON.stringify({ name: 'one', scopes: [UPLOAD_SCOPE, UPLOAD_SCOPE] }),
      '',
      JSON.stringify({ name: 'two', scopes: [STREAM_SCOPE], direct: true, expires_in_seconds: 60 }),
    ].join('\n')
    expect(await read('jsonl', content)).toEqual([
      { line: 1, name: 'one', scopes: [UPLOAD_SCOPE], ...PLAIN },
      { line: 3, name: 'two', scopes: [STREAM_SCOPE], direct: true, expiresAt: null, expiresInSeconds: 60 },
    ])
  })

  test.each([
    ['what is not JSON', '{"name":', 'line 1 is not JSON'],
    ['an array', '[]', 'line 1 is not a JSON object'],
    ['null', 'null', 'line 1 is not a JSON object'],
    [
      'another field',
      '{"name":"a","scopes":["x"],"key_secret":"LEAK"}',
      'line 1 has a field that is none of name',
    ],
    ['no name', `{"scopes":["${UPLOAD_SCOPE}"]}`, 'line 1 needs a name'],
    ['a name that cannot be seen', `{"name":"a\\u0007","scopes":["${UPLOAD_SCOPE}"]}`, 'line 1 needs a name'],
    ['a name that is too long', `{"name":"${'a'.repeat(500)}","scopes":["${UPLOAD_SCOPE}"]}`, 'needs a name'],
    ['no scope', '{"name":"a","scopes":[]}', 'line 1 needs scopes'],
    ['a scope that there is not', '{"name":"a","scopes":["interhumanai.all"]}', 'line 1 needs scopes'],
    ['scopes as a text', `{"name":"a","scopes":"${UPLOAD_SCOPE}"}`, 'line 1 needs scopes'],
    [
      'a time in the past',
      `{"name":"a","scopes":["${UPLOAD_SCOPE}"],"expires_at":"2020-01-01T00:00:00Z"}`,
      'past',
    ],
    ['what is no time', `{"name":"a","scopes":["${UPLOAD_SCOPE}"],"expires_at":"tomorrow"}`, 'is no time'],
    [
      'no whole seconds',
      `{"name":"a","scopes":["${UPLOAD_SCOPE}"],"expires_in_seconds":1.5}`,
      'no whole number',
    ],
    [
      'too many seconds',
      `{"name":"a","scopes":["${UPLOAD_SCOPE}"],"expires_in_seconds":1e12}`,
      'no whole number',
    ],
    [
      'two ends',
      `{"name":"a","scopes":["${UPLOAD_SCOPE}"],"expires_in_seconds":1,"expires_at":"2099-01-01T00:00:00Z"}`,
      'has both',
    ],
  ])('with %s is refused, and what stands there is not repeated', async (_what, content, message) => {
    const said = await refusal('jsonl', content)
    expect(said).toContain(message)
    expect(said).not.toContain('LEAK')
  })
})

test('of a list with many bad lines the first ten are named, each with its own problem, and nothing is made', async () => {
  const lines = Array.from({ length: 30 }, (_, index) =>
    JSON.stringify(index % 2 === 0 ? { name: 'good', scopes: [UPLOAD_SCOPE] } : { name: '' }),
  )
  const said = (await refusal('jsonl', lines.join('\n'))).split('\n')
  expect(said).toHaveLength(11)
  expect(said[0]).toContain('line 2 needs a name')
  expect(said[9]).toContain('line 20 needs a name')
  expect(said[10]).toBe('no key was made')
})

test.each(['csv', 'jsonl'] as const)(
  '%s that is not UTF-8, or has a line without an end, is refused',
  async (format) => {
    const first = format === 'csv' ? 'name,scopes' : ''
    const bytes = Buffer.from(`${first}\n\n`)
    expect(await refusal(format, Buffer.concat([bytes, Buffer.from([0xff, 0x0a])]))).toContain(
      'line 3 is not UTF-8',
    )
    expect(await refusal(format, `${first}\n${'a'.repeat(70_000)}`)).toContain(
      'line 2 is longer than 65536 bytes',
    )
  },
)

test('a list that is not there is named', async () => {
  const missing = { file: join(folder, 'none.csv'), format: 'csv' } as const
  await expect(checkList(missing, NOW)).rejects.toThrow(/none\.csv cannot be read \(ENOENT\)/)
})
