import { randomBytes, randomUUID } from 'node:crypto'
import { STREAM_SCOPE, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { expect, test } from 'vitest'
import type { KeysContext } from '../../../src/commands/keys/context.ts'
import { createKeyByCommand } from '../../../src/commands/keys/create.ts'
import { readConfig } from '../../../src/config.ts'
import type { AuditedKey, Store } from '../../../src/store/store.ts'
import { UsageError } from '../../../src/usage-error.ts'

const NOW = 1_800_000_000

async function create(name: string | undefined, scopes: readonly string[], expiresInSeconds?: number) {
  const inserted: AuditedKey[] = []
  const said: string[] = []
  const context: KeysContext = {
    config: readConfig({}),
    json: true,
    store: {
      readChanges: async () => ({ databaseTimeMs: NOW * 1000 }),
      insertApiKey: async (added: AuditedKey) => void inserted.push(added),
    } as unknown as Store,
    runtime: {
      environment: {},
      randomBytes,
      newUuid: randomUUID,
      now: () => NOW,
      wallMs: () => 0,
      monotonicMs: () => 0,
      user: 'operator',
      readSchemaVersion: async () => 0,
      openStore: async () => {
        throw new Error('it is open')
      },
      writeOutput: (text: string) => said.push(text),
      writeMessage: (text: string) => said.push(text),
    },
  }
  const options = {
    name,
    scopes,
    expiresInSeconds,
    direct: false,
    credentialsFile: undefined,
    apiUrl: undefined,
  }
  const error = await createKeyByCommand(options, context).catch((thrown: unknown) => thrown)
  return { error, inserted, said }
}

test('a key is written with the audit row of who made it, without its secret', async () => {
  const { error, inserted, said } = await create(
    '  video worker ',
    [UPLOAD_SCOPE, STREAM_SCOPE, UPLOAD_SCOPE],
    60,
  )
  expect(error).toBeUndefined()
  const [{ key, audit } = {} as AuditedKey] = inserted
  expect(key).toMatchObject({
    name: 'video worker',
    scopes: [UPLOAD_SCOPE, STREAM_SCOPE],
    expiresAt: NOW + 60,
  })
  expect(audit).toEqual({
    at: NOW,
    actor: 'command:operator',
    action: 'key.create',
    subject: key.keyId,
    detail: {},
    origin: 'command',
    before: null,
    after: {
      name: 'video worker',
      scopes: `${UPLOAD_SCOPE} ${STREAM_SCOPE}`,
      state: 'active',
      generation: 1,
      direct: false,
      expires_at: NOW + 60,
      secret: 1,
      previous_secret: null,
      previous_secret_expires_at: null,
    },
  })
  const { key_secret } = JSON.parse(said[0] ?? '')
  expect(JSON.stringify(inserted)).not.toContain(key_secret)
  expect(said[1]).toMatch(/^this is the only time that the secret is shown/)
})

test.each([
  ['absent', undefined],
  ['empty', ''],
  ['blank', '   '],
  ['too long', 'a'.repeat(101)],
  ['with a line break', 'a\nb'],
  ['with an escape sequence', 'a\u001b[31m'],
  ['with NUL', 'a\0b'],
  ['with text that turns around', 'a\u202eb'],
  ['with a zero-width character', 'a\u200bb'],
  ['with a line separator', 'a\u2028b'],
  ['with half a character', 'a\ud800b'],
])('a name that is %s is refused: it could forge a line of a list', async (_, name) => {
  const { error, inserted, said } = await create(name, [UPLOAD_SCOPE])
  expect(error).toBeInstanceOf(UsageError)
  expect([inserted, said]).toEqual([[], []])
})

test.each([
  'interhumanai.admin',
  '',
  `${UPLOAD_SCOPE} ${STREAM_SCOPE}`,
  `${UPLOAD_SCOPE}\u00a0`,
  '*',
  undefined,
])('a scope %j that nobody knows cannot be given to a key, nor can none', async (scope) => {
  const { error, inserted } = await create('n', scope === undefined ? [] : [UPLOAD_SCOPE, scope])
  expect(error).toBeInstanceOf(UsageError)
  expect(inserted).toEqual([])
})
