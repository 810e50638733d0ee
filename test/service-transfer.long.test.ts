import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from './support/create-test-database.ts'
import { type ProcessResult, runService, startService } from './support/start-service.ts'

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
const run = (place: Place, ...words: readonly string[]): Promise<ProcessResult> =>
  runService(
    [...words, '--json', '--data-dir', join(folder, place)],
    place === 'postgres' ? { INTERHUMAN_AUTH_DATABASE_URL: database.url } : {},
  )

async function done(result: Promise<ProcessResult>) {
  const { code, stdout, stderr } = await result
  if (code !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

const at = (name: string) => join(folder, name)
const move = (verb: 'export' | 'import', place: Place, name: string) =>
  run(place, verb, at(name), '--passphrase-file', passphrase)

/** The rows of an export but for what is sealed with a salt of its own, and what an import itself writes. */
function rowsOf(name: string): string[] {
  return readFileSync(at(name), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('['))
    .map((line) =>
      line
        .replace(/"sealed_private_key":\{[^}]*\}/, '')
        .replace(/("name":"sealed:[^"]*"),"value":"[^"]*"/, '$1'),
    )
    .filter((line) => !/^\["(?:audit_head|change_head)"|store\.import/.test(line))
}

test('a store moves from SQLite to PostgreSQL and back with every row, its audit whole, and only under the passphrase', async () => {
  const service = await startService({ dataDir: at('first') })
  const key = await service.createKey({ scopes: ['interhumanai.upload'] })
  await service.keys('rotate', key.keyId)
  await service.keys('revoke', key.keyId)
  await done(run('first', 'verifiers', 'create', '--name', 'v'))
  await service.stop()
  await done(move('export', 'first', 'a'))
  expect(statSync(at('a')).mode & 0o777).toBe(0o600)
  expect(await done(move('import', 'postgres', 'a'))).toMatchObject({ keys: 2 })
  await done(move('export', 'postgres', 'b'))
  await done(move('import', 'last', 'b'))
  await done(move('export', 'last', 'c'))
  expect(rowsOf('b')).toEqual(rowsOf('a'))
  expect(rowsOf('c')).toEqual(rowsOf('a'))
  expect(rowsOf('a').length).toBeGreaterThan(8)
  await done(run('postgres', 'audit', 'verify'))
  await done(run('last', 'audit', 'verify'))
  expect((await move('import', 'last', 'a')).stderr).toMatch(/the store is not empty/)
  copyFileSync(join(at('first'), 'first-key.env'), join(at('last'), 'first-key.env'))
  const again = await startService({ dataDir: at('last') })
  expect(await again.stop()).toBe(0)
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
