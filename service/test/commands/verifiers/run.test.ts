import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { hashSecret } from '../../../src/api-key.ts'
import type { CommandContext } from '../../../src/command-group.ts'
import { verifiersGroup } from '../../../src/commands/verifiers/group.ts'
import { readConfig, readSettings } from '../../../src/config.ts'
import { OperatorError } from '../../../src/operator-error.ts'
import { openSqliteStore } from '../../../src/store/sqlite.ts'
import type { Store } from '../../../src/store/store.ts'
import { UsageError } from '../../../src/usage-error.ts'

const NOW = 1_800_000_000

let folder: string
let store: Store
let output: string[]
let messages: string[]
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-verifiers-'))
  store = openSqliteStore(join(folder, 'interhuman-auth.db'))
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})
beforeEach(() => {
  output = []
  messages = []
})

/** Runs `verifiers …` as the program does, on the store of this test. */
async function run(words: readonly string[], values: Record<string, string> = {}, json = true) {
  const settings = { INTERHUMAN_AUTH_DATA_DIR: folder }
  const context: CommandContext = {
    config: readConfig(settings),
    json,
    runtime: {
      environment: settings,
      randomBytes,
      newUuid: randomUUID,
      now: () => NOW,
      monotonicMs: () => 0,
      wallMs: () => NOW * 1000,
      user: 'operator',
      readSchemaVersion: async () => 0,
      openStore: async () => ({
        ...store,
        readChanges: async (after) => ({ ...(await store.readChanges(after)), databaseTimeMs: NOW * 1000 }),
        close: async () => {},
      }),
      writeOutput: (text: string) => output.push(text),
      writeMessage: (text: string) => messages.push(text),
    },
  }
  const code = await verifiersGroup.run(verifiersGroup.read(words, values), context, readSettings(settings))
  expect(code).toBe(0)
  return json ? JSON.parse(output.at(-1) ?? '') : undefined
}

const find = (secret: string) => store.findVerifierBySecret(hashSecret(secret))
const lastEntry = async (id: string) => (await store.listAuditEntries(id, 1))[0]

describe('verifiers', () => {
  test('create shows the secret once, keeps its hash, and the audit says who made it', async () => {
    const made = await run(['create'], { name: ' guard of the gateway ' })
    expect(made).toEqual({
      verifier_id: expect.stringMatching(/^ihvr_[0-9A-Za-z]{20}$/),
      verifier_secret: expect.stringMatching(/^ihv_[0-9A-Za-z]{49}$/),
      name: 'guard of the gateway',
      state: 'active',
      created_at: '2027-01-15T08:00:00Z',
      previous_secret_expires_at: null,
    })
    expect(messages).toEqual([expect.stringMatching(/^this is the only time/)])
    expect((await find(made.verifier_secret))?.verifierId).toBe(made.verifier_id)
    expect(await lastEntry(made.verifier_id)).toEqual({
      at: NOW,
      actor: 'command:operator',
      origin: 'command',
      action: 'verifier.create',
      subject: made.verifier_id,
      detail: {},
      before: null,
      after: { name: 'guard of the gateway', state: 'active', previous_secret_expires_at: null },
    })
    await run(['list'])
    expect(output.at(-1)).not.toContain(made.verifier_secret.slice(4))
  })

  test('rotate gives a second secret and says until when the first one lives', async () => {
    const made = await run(['create'], { name: 'rotated' })
    const rotated = await run(['rotate', made.verifier_id], { 'overlap-seconds': '60' })
    expect(rotated.previous_secret_expires_at).toBe('2027-01-15T08:01:00Z')
    expect((await find(made.verifier_secret))?.verifierId).toBe(made.verifier_id)
    expect((await find(rotated.verifier_secret))?.verifierId).toBe(made.verifier_id)
    expect(await lastEntry(made.verifier_id)).toMatchObject({
      action: 'verifier.rotate',
      detail: { overlap_seconds: 60 },
      before: { previous_secret_expires_at: null },
      after: { previous_secret_expires_at: NOW + 60 },
    })
    await expect(run(['rotate', made.verifier_id])).rejects.toThrow(OperatorError)
  })

  test('revoke ends it for ever, and others hear of it', async () => {
    const made = await run(['create'], { name: 'revoked' })
    const before = (await store.readChanges(null)).revision
    expect(await run(['revoke', made.verifier_id])).toMatchObject({ state: 'revoked' })
    expect((await store.readChanges(null)).revision).toBe(before + 1)
    await expect(run(['rotate', made.verifier_id])).rejects.toThrow(/revoked is for ever/)
  })

  test('list shows each of them, with its state', async () => {
    await run(['list'], {}, false)
    const lines = output.join('').trimEnd().split('\n')
    expect(lines[0]).toMatch(/^VERIFIER ID +STATE +CREATED +NAME$/)
    expect(
      lines
        .slice(1)
        .map((line) => line.split(/ {2,}/)[1])
        .sort(),
    ).toEqual(['active', 'active', 'revoked'])
  })

  test('an id that is none is not repeated: it may be the secret', async () => {
    for (const word of ['rotate', 'revoke']) {
      await expect(run([word, 'ihv_LEAK'])).rejects.toThrow(/^that is not the id of a verifier; [^L]*$/)
      await expect(run([word, 'ihvr_00000000000000000000'])).rejects.toThrow('there is no verifier ihvr_0')
    }
  })

  test.each([
    [],
    ['LEAK'],
    ['create', 'LEAK'],
    ['list', 'LEAK'],
    ['rotate'],
    ['revoke'],
    ['revoke', 'a', 'LEAK'],
    ['create'],
  ])('%j is wrong usage, and nothing of it is repeated', async (...words) => {
    const error = await run(words.filter((word) => word !== undefined)).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(UsageError)
    expect(String(error)).not.toContain('LEAK')
  })
})
