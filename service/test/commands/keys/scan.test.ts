import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { KeysContext } from '../../../src/commands/keys/context.ts'
import { scanPaths } from '../../../src/commands/keys/scan.ts'
import { createAdminTokenIn, revokeAdminTokenIn } from '../../../src/operations/admin-tokens.ts'
import { changeKeyState } from '../../../src/operations/change-key-state.ts'
import { commitKey, createKey } from '../../../src/operations/create-key.ts'
import { rotateKey } from '../../../src/operations/rotate-key.ts'
import { createVerifierIn } from '../../../src/operations/verifiers.ts'
import { newSecret } from '../../../src/secret-format.ts'
import { openSqliteStore } from '../../../src/store/sqlite.ts'
import type { Store } from '../../../src/store/store.ts'

const NOW = 1_800_000_000
const by = { actor: 'test', origin: 'test', now: NOW }

let folder: string
let store: Store
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-scan-'))
  store = openSqliteStore(join(folder, 'test.db'))
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

async function newKey(expiresAt: number | null = null) {
  const made = createKey({ name: 'n', scopes: [UPLOAD_SCOPE], expiresAt, direct: false }, by, randomBytes)
  return { secret: made.secret, id: (await commitKey(store, made)).keyId }
}

function newTree(name: string): string {
  const tree = join(folder, name)
  mkdirSync(tree)
  return tree
}

async function scan(paths: readonly string[], { json = true, now = NOW } = {}) {
  const written: string[] = []
  const said: string[] = []
  const runtime = {
    now: () => now,
    writeOutput: (text: string) => written.push(text),
    writeMessage: (text: string) => said.push(`${text}\n`),
  }
  const code = await scanPaths(paths, { store, runtime, json } as unknown as KeysContext)
  const [output, messages] = [written.join(''), said.join('')]
  return { code, output, messages, report: json ? JSON.parse(output) : undefined }
}

test('it says by the id which are alive, and shows no secret', async () => {
  const tree = newTree('alive')
  const [key, revoked, rotated, expired] = [
    await newKey(),
    await newKey(),
    await newKey(),
    await newKey(NOW + 1),
  ]
  await changeKeyState(store, revoked.id, 'revoke', by)
  await rotateKey(store, rotated.id, { secret: newSecret('ih_live_', randomBytes), overlapSeconds: 1 }, by)
  const verifier = await createVerifierIn(store, { name: 'v' }, by, randomBytes)
  const admin = await createAdminTokenIn(store, { name: 'a', expiresInSeconds: 60 }, by, randomBytes)
  const other = await createAdminTokenIn(store, { name: 'b', expiresInSeconds: 60 }, by, randomBytes)
  await revokeAdminTokenIn(store, other.kept.adminTokenId, by)
  const foreign = newSecret('ih_live_', randomBytes)
  const secrets = [
    key.secret,
    revoked.secret,
    rotated.secret,
    expired.secret,
    verifier.secret,
    admin.token,
    other.token,
    foreign,
  ]
  writeFileSync(join(tree, 'a.env'), secrets.join('\n'))
  const { code, output, messages, report } = await scan([tree], { now: NOW + 1 })
  expect(code).toBe(1)
  expect(
    report.findings.map(({ line, kind, id, state }: Record<string, unknown>) => [line, kind, id, state]),
  ).toEqual([
    [1, 'key', key.id, 'alive'],
    [2, 'key', revoked.id, 'revoked'],
    [3, 'key', rotated.id, 'replaced'],
    [4, 'key', expired.id, 'expired'],
    [5, 'verifier', verifier.verifier.verifierId, 'alive'],
    [6, 'admin_token', admin.kept.adminTokenId, 'alive'],
    [7, 'admin_token', other.kept.adminTokenId, 'revoked'],
    [8, 'key', null, 'unknown'],
  ])
  expect(report.counts).toEqual({ files: 1, findings: 8, alive: 3, unreadable: 0, links: 0 })
  for (const secret of secrets) expect(output + messages).not.toContain(secret.slice(8))
  const forPeople = await scan([tree], { json: false })
  expect(forPeople.output).toContain(`a.env:1: key ${key.id}: alive\n`)
  expect(forPeople.messages).toMatch(/^1 files: 8 secrets, \d of them alive; 0 could not be read\n$/)
  for (const secret of secrets) expect(forPeople.output).not.toContain(secret.slice(8))
})

test('where none is alive the exit code is 0', async () => {
  const tree = newTree('clean')
  writeFileSync(join(tree, 'a'), `${newSecret('ihv_', randomBytes)} ih_live_LEAK`)
  writeFileSync(join(tree, 'empty'), '')
  expect(await scan([tree])).toMatchObject({
    code: 0,
    report: { counts: { files: 2, findings: 1, alive: 0 } },
  })
})

test('a secret far inside a huge binary file is found, and little of it is in memory', async () => {
  const tree = newTree('huge')
  const { secret, id } = await newKey()
  const file = openSync(join(tree, 'disk.img'), 'w')
  const place = 64 * 1024 * 1024 - 20
  writeSync(file, secret, place)
  ftruncateSync(file, place + 1024)
  closeSync(file)
  const before = process.memoryUsage().rss
  const { report } = await scan([tree])
  expect(report.findings).toMatchObject([{ id, state: 'alive' }])
  expect(process.memoryUsage().rss - before).toBeLessThan(48 * 1024 * 1024)
})

test('loops of links, pipes and what cannot be read hold it up no longer than others, and are told', async () => {
  const tree = newTree('odd')
  symlinkSync(tree, join(tree, 'loop'))
  symlinkSync('/dev/zero', join(tree, 'zero'))
  expect(spawnSync('mkfifo', [join(tree, 'pipe')]).status).toBe(0)
  const { secret, id } = await newKey()
  writeFileSync(join(tree, 'a'), secret)
  const { report } = await scan([join(tree, 'loop')])
  expect(report.findings).toMatchObject([{ id }])
  expect(report.counts).toEqual({ files: 1, findings: 1, alive: 1, unreadable: 0, links: 2 })
  const missing = await scan([join(tree, 'none'), join(tree, 'pipe')])
  expect(missing.code).toBe(1)
  expect(missing.messages).toMatch(
    /none cannot be read \(ENOENT\)\n.*pipe cannot be read \(neither a file nor a folder\)/,
  )
})

test('a secret in the name of a file or a folder is found, and not shown there either', async () => {
  const tree = newTree('named')
  const { secret, id } = await newKey()
  mkdirSync(join(tree, secret))
  writeFileSync(join(tree, secret, `${secret}.txt`), '')
  const { report, output } = await scan([tree])
  expect(report.findings).toMatchObject([
    { id, line: null, path: expect.stringMatching(/ih_live_\[…\]$/) },
    { id, line: null, path: expect.stringMatching(/ih_live_\[…\]\.txt$/) },
  ])
  expect(output).not.toContain(secret)
})
