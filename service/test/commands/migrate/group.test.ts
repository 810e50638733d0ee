import { randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { CommandContext } from '../../../src/command-group.ts'
import { migrateGroup } from '../../../src/commands/migrate/group.ts'
import { readConfig, readSettings } from '../../../src/config.ts'
import { MIGRATIONS, SCHEMA_VERSION } from '../../../src/store/migrations/migrations.ts'
import { openSqliteStore } from '../../../src/store/sqlite.ts'
import { readSqliteVersion } from '../../../src/store/sqlite-backup.ts'
import { APPLICATION_ID } from '../../../src/store/sqlite-file.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'interhuman-auth-migrate-')), 'data')
  mkdirSync(folder, { mode: 0o700 })
  file = join(folder, 'interhuman-auth.db')
})
afterEach(() => rmSync(join(folder, '..'), { recursive: true }))

async function run(): Promise<string> {
  let output = ''
  const settings = { INTERHUMAN_AUTH_DATA_DIR: folder }
  const context: CommandContext = {
    config: readConfig(settings),
    json: false,
    runtime: {
      environment: settings,
      randomBytes,
      newUuid: randomUUID,
      now: () => 1000,
      monotonicMs: () => 0,
      wallMs: () => 1_000_000,
      user: 'operator',
      openStore: async () => openSqliteStore(file),
      readSchemaVersion: async () => readSqliteVersion(file),
      writeOutput: (text) => {
        output += text
      },
      writeMessage: () => {},
    },
  }
  expect(await migrateGroup.run(migrateGroup.read([], {}), context, readSettings(settings))).toBe(0)
  return output
}

test('migrate brings an older store up to date and says from where to where, and the second time that nothing was to do', async () => {
  const db = new Database(file)
  for (const { sqlite } of MIGRATIONS.slice(0, 1)) for (const statement of sqlite) db.exec(statement)
  db.pragma(`application_id = ${APPLICATION_ID}`)
  db.pragma('user_version = 1')
  db.close()
  expect(await run()).toBe(`migrated from schema 1 to ${SCHEMA_VERSION}\n`)
  expect(await run()).toBe(`nothing to do: the schema is ${SCHEMA_VERSION}\n`)
})

test('migrate makes no store where there is none', async () => {
  await expect(run()).rejects.toThrow(/there is no database in/)
})
