import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from './support/create-test-database.ts'
import { expectOneOfEach, makeOneOfEach } from './support/one-of-each.ts'
import { type ServiceNode, startNode } from './support/start-node.ts'
import { type ProcessResult, runService } from './support/start-service.ts'

let folder: string
let database: TestDatabase
let passphrase: string
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-transfer-'))
  passphrase = join(folder, 'passphrase')
  writeFileSync(passphrase, 'LEAK a long passphrase', { mode: 0o600 })
  database = await createTestDatabase()
})
afterEach(async () => {
  await database.remove()
  rmSync(folder, { recursive: true })
})

type Place = 'first' | 'postgres' | 'last'
const addressOf = (place: Place): Readonly<Record<string, string>> =>
  place === 'postgres' ? { INTERHUMAN_AUTH_DATABASE_URL: database.url } : {}
const run = (place: Place, ...words: readonly string[]): Promise<ProcessResult> =>
  runService([...words, '--json', '--data-dir', join(folder, place)], addressOf(place))

async function done(result: Promise<ProcessResult>) {
  const { code, stdout, stderr } = await result
  if (code !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

const at = (name: string) => join(folder, name)
const move = (verb: 'export' | 'import', place: Place, name: string) =>
  run(place, verb, at(name), '--passphrase-file', passphrase)

const linesOf = (name: string) =>
  readFileSync(at(name), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('['))

/** The tables of which an export has rows. */
const tablesOf = (name: string) => [...new Set(linesOf(name).map((line) => line.split('"')[1]))].sort()

/** The rows of an export but for what is sealed with a salt of its own, and what an import itself writes. */
function rowsOf(name: string): string[] {
  return linesOf(name)
    .map((line) =>
      line
        .replace(/"sealed_private_key":\{[^}]*\}/, '')
        .replace(/("name":"sealed:[^"]*"),"value":"[^"]*"/, '$1'),
    )
    .filter((line) => !/^\["(?:audit_head|change_head)"|store\.import/.test(line))
}

const serve = async <T>(place: Place, ask: (node: ServiceNode) => Promise<T>): Promise<T> => {
  const node = await startNode({
    INTERHUMAN_AUTH_DATA_DIR: join(folder, place),
    INTERHUMAN_AUTH_ADMIN_PORT: '0',
    INTERHUMAN_AUTH_AUDIT_RETENTION_DAYS: '30',
    ...addressOf(place),
  })
  try {
    return await ask(node)
  } finally {
    expect(await node.stop()).toBe(0)
  }
}

/** The first rows of the audit are old, so that retention leaves a checkpoint in their place, and of a quota some is used. */
async function begin(place: Place): Promise<void> {
  await done(run(place, 'keys', 'create', '--name', 'first', '--scope', UPLOAD_SCOPE))
  const db = new Database(join(at(place), 'interhuman-auth.db'))
  db.exec('update audit set at = at - 100 * 86400')
  db.exec('insert into quotas select key_id, unixepoch(), 5 from api_keys')
  db.close()
}

const FILLED = [
  ...['admin_tokens', 'api_keys', 'audit', 'audit_checkpoints', 'audit_head', 'change_head', 'changes'],
  ...['idempotency', 'key_uses', 'quotas', 'revoked_tokens', 'secret_uses', 'settings', 'signing_keys'],
  ...['usage_hours', 'verifiers'],
]

test('a store moves from SQLite to PostgreSQL and back with every row, its audit whole, and what was made in one works, and is dead, in the other', async () => {
  await begin('first')
  const made = await serve('first', makeOneOfEach)
  await done(move('export', 'first', 'a'))
  expect(statSync(at('a')).mode & 0o777).toBe(0o600)
  expect(tablesOf('a')).toEqual(FILLED)
  expect(await done(move('import', 'postgres', 'a'))).toMatchObject({ keys: 5 })
  await done(move('export', 'postgres', 'b'))
  expect(rowsOf('b')).toEqual(rowsOf('a'))
  await serve('postgres', (node) => expectOneOfEach(node, made, 1))
  expect((await done(run('postgres', 'audit', 'verify'))).removed).toBeGreaterThan(0)
  await done(move('export', 'postgres', 'c'))
  await done(move('import', 'last', 'c'))
  await done(move('export', 'last', 'd'))
  expect(rowsOf('d')).toEqual(rowsOf('c'))
  await serve('last', (node) => expectOneOfEach(node, made, 2))
  expect((await done(run('last', 'audit', 'verify'))).removed).toBeGreaterThan(0)
  expect((await move('import', 'last', 'a')).stderr).toMatch(/the store is not empty/)
})

test('an export that was changed or cut off is refused before anything is written, and so is another passphrase', async () => {
  await done(run('first', 'keys', 'create', '--name', 'a', '--scope', 'interhumanai.upload'))
  await done(move('export', 'first', 'a'))
  const text = readFileSync(at('a'), 'utf8')
  for (const changed of [text.replace('"name":"a"', '"name":"b"'), text.slice(0, -200), text.slice(0, 900)]) {
    writeFileSync(at('changed'), changed)
    expect((await move('import', 'last', 'changed')).stderr).toMatch(
      /cut off or was changed; nothing was written/,
    )
  }
  writeFileSync(passphrase, 'LEAK another passphrase')
  expect((await move('import', 'last', 'a')).stderr).toMatch(/the passphrase is not that of the export/)
  writeFileSync(passphrase, 'LEAK a long passphrase')
  expect(await done(move('import', 'last', 'a'))).toMatchObject({ keys: 1 })
})
