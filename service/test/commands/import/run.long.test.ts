import { randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { CommandContext } from '../../../src/command-group.ts'
import { openAuditChainKeyOf } from '../../../src/commands/audit-chain-key.ts'
import { exportStore } from '../../../src/commands/export/run.ts'
import { importStore } from '../../../src/commands/import/run.ts'
import { readConfig } from '../../../src/config.ts'
import { openSqliteStore } from '../../../src/store/sqlite.ts'
import type { Store } from '../../../src/store/store.ts'
import { newKey } from '../../store/store-fixtures.ts'

const KEYS = 2500

let folder: string
let stores: Store[]
let messages: string[]
let clockMs: number
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-import-'))
  writeFileSync(join(folder, 'passphrase'), 'LEAK a long passphrase', { mode: 0o600 })
  stores = []
  messages = []
  clockMs = 0
})
afterEach(async () => {
  for (const store of stores) await store.close()
  rmSync(folder, { recursive: true })
})

function contextOf(name: string): { readonly store: Store; readonly context: CommandContext } {
  const dataDir = join(folder, name)
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const store = openSqliteStore(join(dataDir, 'interhuman-auth.db'))
  stores.push(store)
  const context: CommandContext = {
    config: readConfig({ INTERHUMAN_AUTH_DATA_DIR: dataDir }),
    json: true,
    runtime: {
      environment: {},
      randomBytes,
      newUuid: randomUUID,
      now: () => 1000,
      // Each look at the clock is a second later.
      monotonicMs: () => {
        clockMs += 1000
        return clockMs
      },
      wallMs: () => 1_000_000,
      user: 'operator',
      openStore: async () => store,
      readSchemaVersion: async () => 0,
      writeOutput: () => {},
      writeMessage: (text) => messages.push(text),
    },
  }
  return { store, context }
}

const file = () => join(folder, 'export')
const passphraseFile = () => join(folder, 'passphrase')

async function exportKeys(): Promise<readonly string[]> {
  const { store, context } = contextOf('from')
  store.chainAudit(() => openAuditChainKeyOf(store, context))
  const keys = Array.from({ length: KEYS }, () => newKey())
  await store.changeOnce({ id: 'test', requestHash: Buffer.alloc(32), now: 1000 }, async (inside) => {
    for (const key of keys) await inside.insertApiKey(key)
    return '{}'
  })
  await exportStore({ target: file(), passphraseFile: passphraseFile() }, store, context)
  return keys.map(({ key }) => key.keyId)
}

test('an import that was cut off goes on where it was; until then nothing is opened in it, and another file is refused', async () => {
  const keyIds = await exportKeys()
  const { store, context } = contextOf('to')
  let batches = 0
  const cut: Store = {
    ...store,
    async importRows(batch) {
      if (batches === 3) throw new Error('killed')
      batches += 1
      await store.importRows(batch)
    },
  }
  const command = { source: file(), passphraseFile: passphraseFile() }
  await expect(importStore(command, cut, context)).rejects.toThrow('killed')
  await expect(openAuditChainKeyOf(store, context)).rejects.toThrow(/an import into this store has not ended/)
  const other = join(folder, 'other')
  const from = contextOf('from')
  await exportStore({ target: other, passphraseFile: passphraseFile() }, from.store, from.context)
  await expect(importStore({ ...command, source: other }, store, context)).rejects.toThrow(
    /another file has begun/,
  )

  const written: number[] = []
  const rest: Store = {
    ...store,
    async importRows(batch) {
      written.push(batch.rows.length)
      await store.importRows(batch)
    },
  }
  await importStore(command, rest, context)
  expect(Math.max(...written)).toBeLessThanOrEqual(1000)
  expect(written.filter((rows) => rows > 400)).not.toHaveLength(0)
  for (const keyId of [keyIds[0], keyIds.at(-1)])
    expect((await store.findApiKey(String(keyId)))?.keyId).toBe(keyId)
  expect(messages.some((message) => /^imported: \d+ of \d+$/.test(message))).toBe(true)
  await openAuditChainKeyOf(store, context)
  await expect(importStore(command, store, context)).rejects.toThrow(/the store is not empty/)
})
