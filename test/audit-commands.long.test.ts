import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type ProcessResult, runService } from './support/start-service.ts'

// The commands themselves, each a process, on a database that somebody changed who has no key to its audit.

let folder: string
let keyIds: readonly string[]
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-audit-'))
  keyIds = [await createKey('first'), await createKey('second'), await createKey('third')]
  await runJson('keys', 'disable', keyIds[0] ?? '')
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

const run = (...words: readonly string[]): Promise<ProcessResult> =>
  runService([...words, '--data-dir', folder])

async function runJson(...words: readonly string[]) {
  const { code, stdout, stderr } = await run(...words, '--json')
  if (code !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

const createKey = async (name: string): Promise<string> =>
  (await runJson('keys', 'create', '--name', name, '--scope', UPLOAD_SCOPE)).key_id

/** What somebody does who can write to the database. */
function tamper(...statements: readonly string[]): void {
  const db = new Database(join(folder, 'interhuman-auth.db'))
  for (const statement of statements) db.exec(statement)
  db.close()
}

/** The head that `audit verify` prints for people to keep elsewhere. */
async function readHead(): Promise<string> {
  const { code, stdout } = await run('audit', 'verify')
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringMatching(
      /^whole: 4 rows, 0 from before the chain, 0 removed in their time\nhead 4:/,
    ),
  })
  return /^head (.+)$/m.exec(stdout)?.[1] ?? ''
}

test('audit list shows the newest first, of one subject, page by page; audit export all of it, the oldest first', async () => {
  const ids = async (...words: readonly string[]) =>
    (await runJson('audit', 'list', ...words)).audit.map(({ id }: { id: number }) => id)
  expect(await ids()).toEqual([4, 3, 2, 1])
  expect(await ids('--limit', '2')).toEqual([4, 3])
  expect(await ids('--limit', '2', '--before', '3')).toEqual([2, 1])
  expect(await ids('--subject', keyIds[0] ?? '')).toEqual([4, 1])
  const { stdout: table } = await run('audit', 'list', '--limit', '1')
  expect(table).toMatch(
    new RegExp(`^ID +AT +ACTOR +FROM +ACTION +SUBJECT\n4 .* key\\.disable +${keyIds[0]}\n$`),
  )
  const exported = await run('audit', 'export')
  expect(exported.code).toBe(0)
  const rows = exported.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(rows.map(({ id, action, subject }) => [id, action, subject])).toEqual([
    ...keyIds.map((keyId, index) => [index + 1, 'key.create', keyId]),
    [4, 'key.disable', keyIds[0]],
  ])
  expect(rows[3]).toMatchObject({
    at: expect.stringMatching(/^\d{4}-.*Z$/),
    actor: expect.stringMatching(/./),
    before: { state: 'active' },
    after: { state: 'disabled' },
    mac: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
  // The head that is kept elsewhere can be told from an export.
  expect(await readHead()).toBe(`4:${rows[3].mac}`)
})

test.each<[string, string[], RegExp]>([
  ['changed', ["update audit set actor = 'other' where id = 2"], /^row 2, .*was changed or put in\n$/],
  ['removed', ['delete from audit where id = 2'], /^row 2 is missing\n$/],
  [
    'put in',
    [
      `insert into audit select 5, at, actor, action, 'x', detail, origin, "before", "after", mac from audit where id = 4`,
    ],
    /^row 5, .*was changed or put in\n/,
  ],
  ['cut off with those behind it', ['delete from audit where id > 2'], /^row 3 is missing\n$/],
])('audit verify ends with 1 and names the row that was %s', async (_, statements, fault) => {
  await readHead()
  tamper(...statements)
  const verified = await run('audit', 'verify')
  expect(verified).toMatchObject({ code: 1, stdout: expect.stringMatching(/^NOT WHOLE: /) })
  expect(verified.stderr.replaceAll('interhuman-auth-service: ', '')).toMatch(fault)
  const json = await run('audit', 'verify', '--json')
  expect({ code: json.code, ...JSON.parse(json.stdout) }).toMatchObject({ code: 1, whole: false })
})

test('audit verify --head ends with 1 where the end was cut off together with the note of it, which nothing else finds', async () => {
  const head = await readHead()
  await createKey('fourth')
  expect(await run('audit', 'verify', '--head', head)).toMatchObject({ code: 0, stderr: '' })
  tamper(
    'delete from audit where id > 3',
    'update audit_head set last_id = 3, mac = (select mac from audit where id = 3)',
  )
  expect((await run('audit', 'verify')).code).toBe(0)
  const cut = await run('audit', 'verify', '--head', head)
  expect(cut).toMatchObject({ code: 1, stdout: expect.stringMatching(/^NOT WHOLE: 3 rows/) })
  expect(cut.stderr).toMatch(/the head that was given, row 4, is not part of this chain: its end was cut off/)
  // Rows that come to stand in their place are other ones.
  await createKey('fifth')
  await createKey('sixth')
  expect((await run('audit', 'verify', '--head', head)).code).toBe(1)
  expect((await run('audit', 'verify', '--head', '4:00')).code).not.toBe(0)
})
