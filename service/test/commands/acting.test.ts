import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CommandContext, CommandGroup, OptionValues } from '../../src/command-group.ts'
import { adminTokensGroup } from '../../src/commands/admin-tokens/group.ts'
import { keysGroup } from '../../src/commands/keys/group.ts'
import { verifiersGroup } from '../../src/commands/verifiers/group.ts'
import { readConfig, readSettings } from '../../src/config.ts'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import type { Store } from '../../src/store/store.ts'

const TWO_HOURS = 2 * 3600

let folder: string
let store: Store
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-acting-'))
  store = openSqliteStore(join(folder, 'interhuman-auth.db'))
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

const databaseSeconds = async () => Math.floor((await store.readChanges(null)).databaseTimeMs / 1000)

/** Runs a command on a machine whose clock is so far ahead of the database's, in seconds. */
async function run<Command>(
  group: CommandGroup<Command>,
  offset: number,
  words: readonly string[],
  values: OptionValues = {},
) {
  const settings = { INTERHUMAN_AUTH_DATA_DIR: folder }
  const now = (await databaseSeconds()) + offset
  const output: string[] = []
  const context: CommandContext = {
    config: readConfig(settings),
    json: true,
    runtime: {
      environment: settings,
      randomBytes,
      newUuid: randomUUID,
      now: () => now,
      monotonicMs: () => 0,
      wallMs: () => now * 1000,
      user: 'operator',
      readSchemaVersion: async () => 0,
      openStore: async () => ({ ...store, close: async () => {} }),
      writeOutput: (text: string) => output.push(text),
      writeMessage: () => {},
    },
  }
  await group.run(group.read(words, values), context, readSettings(settings))
  return JSON.parse(output.at(-1) ?? '') as Record<string, string>
}

test.each([
  ['ahead', TWO_HOURS],
  ['behind', -TWO_HOURS],
])(
  'what a command changes is told for as long as it has to be, on a machine whose clock is two hours %s',
  async (_direction, offset) => {
    const named = { name: 'test' }
    const { key_id = '' } = await run(keysGroup, offset, ['create'], { ...named, scope: [UPLOAD_SCOPE] })
    const { verifier_id = '' } = await run(verifiersGroup, offset, ['create'], named)
    const { admin_token_id = '' } = await run(adminTokensGroup, offset, ['create'], named)
    const { revision } = await store.readChanges(null)

    await run(keysGroup, offset, ['change', key_id], { direct: 'on' })
    await run(keysGroup, offset, ['rotate', key_id])
    await run(keysGroup, offset, ['end-overlap', key_id], { force: true })
    await run(keysGroup, offset, ['revoke', key_id])
    await run(verifiersGroup, offset, ['rotate', verifier_id])
    await run(verifiersGroup, offset, ['revoke', verifier_id])
    await run(adminTokensGroup, offset, ['revoke', admin_token_id])

    const { changes } = await store.readChanges(revision)
    expect(changes.map(({ kind, subject }) => [kind, subject])).toEqual([
      ...Array.from({ length: 4 }, () => ['key', key_id]),
      ...Array.from({ length: 2 }, () => ['verifier', verifier_id]),
      ['admin-token', admin_token_id],
    ])
    const seconds = await databaseSeconds()
    for (const { at } of changes) expect(Math.abs(at - seconds)).toBeLessThan(60)
  },
)
