import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createVerifier, keySet, revocationFeed } from '@interhuman-auth/guard'
import { KEY_SET_PATH, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { type RunningService, runService, startService, waitUntil } from './support/start-service.ts'

// The commands beside a running service.

let folder: string
let service: RunningService | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-signing-keys-'))
})
afterEach(async () => {
  await service?.stop()
  service = undefined
  rmSync(folder, { recursive: true })
})

const run = (...words: readonly string[]) => runService([...words, '--json', '--data-dir', folder])

interface View {
  readonly kid: string
  readonly state: string
}

async function change(...words: readonly string[]): Promise<readonly View[]> {
  const { code, stdout, stderr } = await run('signing-keys', ...words)
  if (code !== 0) throw new Error(stderr)
  return (JSON.parse(stdout) as { signing_keys: View[] }).signing_keys
}

const kidIn = (keys: readonly View[], state: string) => keys.find((key) => key.state === state)?.kid

async function issue({ url, keyId, keySecret }: RunningService): Promise<string> {
  const response = await fetch(`${url}/v0/auth`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ key_id: keyId, key_secret: keySecret, scopes: [UPLOAD_SCOPE] }),
  })
  return ((await response.json()) as { access_token: string }).access_token
}

const kidOf = (token: string) =>
  (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }).kid

/** Issues until the service signs with a key: a command is another process, whose change is heard of soon. */
async function issueWith(running: RunningService, kid: string | undefined): Promise<string> {
  let token = ''
  await waitUntil(
    async () => {
      token = await issue(running)
      return kidOf(token) === kid
    },
    () => 'the service signs with another key',
  )
  return token
}

test('signing keys are listed, rotated and revoked beside the running service, which takes it up; a guard on the feed refuses what was signed with a lost key and nothing else', async () => {
  service = await startService({ dataDir: folder })
  const { url } = service
  const { stdout } = await run('verifiers', 'create', '--name', 'guard')
  const { verifier_secret: verifier } = JSON.parse(stdout) as { verifier_secret: string }
  const feed = revocationFeed({ address: url, verifier })
  onTestFinished(() => feed.close())
  const guard = createVerifier({
    issuer: 'http://127.0.0.1:4747',
    keys: keySet(url + KEY_SET_PATH),
    revocations: feed,
  })
  const first = await issue(service)
  expect(await guard(first)).toHaveProperty('claims')
  const refused = await run('signing-keys', 'rotate')
  expect(refused).toMatchObject({ code: 1, stdout: '' })
  expect(refused.stderr).toMatch(/not known to every guard yet; wait \d+ s, or rotate with --now\n$/)
  const rotated = await change('rotate', '--now')
  const second = await issueWith(service, kidIn(rotated, 'active'))
  expect(await guard(second)).toHaveProperty('claims')
  expect(await guard(first)).toHaveProperty('claims')
  const waited = await run('signing-keys', 'revoke', kidOf(second), '--wait', '--timeout', '60')
  expect(waited.stderr).toMatch(/in force at \d nodes? and 1 verifier after [\d.]+ s\n$/)
  const { signing_keys: revoked } = JSON.parse(waited.stdout) as { signing_keys: readonly View[] }
  expect(kidIn(revoked, 'lost')).toBe(kidOf(second))
  // The verifier has acknowledged: its guard knows.
  expect(feed.isDeadSigningKey(kidOf(second))).toBe(true)
  const third = await issueWith(service, kidIn(revoked, 'active'))
  const reasonOf = async (token: string) => {
    const result = await guard(token)
    return 'refusal' in result ? result.refusal.reason : undefined
  }
  expect(await reasonOf(second)).toBe('signing_key_revoked')
  expect(await reasonOf(first)).toBeUndefined()
  // The guard asks for it at once, since it has heard that another one is dead.
  await waitUntil(
    async () => (await reasonOf(third)) === undefined,
    () => 'the guard does not take the key that signs in the place of the lost one',
  )
  const published = await (await fetch(url + KEY_SET_PATH)).text()
  expect(published).not.toContain(kidOf(second))
  expect(published).toContain(kidOf(first))
  expect(await change('list')).toEqual(revoked)
  expect((await run('signing-keys', 'revoke', 'LEAK')).stderr).not.toContain('LEAK')
}, 120_000)

test('a rewrap: the running service goes on, the old master key is told by name, and the new one starts, read from a command', async () => {
  service = await startService({ dataDir: folder })
  const newFile = join(folder, 'new.key')
  const rewrapped = await run('rewrap', '--new-master-key-file', newFile)
  expect(JSON.parse(rewrapped.stdout)).toMatchObject({ signing_keys: 2, master_key_file: newFile })
  const token = await issue(service)
  const old = await run('signing-keys', 'rotate', '--now')
  expect(old.code).toBe(1)
  expect(old.stderr).toMatch(/this master key was replaced by a rewrap at \S+; give the new one\n$/)
  renameSync(newFile, join(folder, 'master.key'))
  const rotated = await change('rotate', '--now')
  await issueWith(service, kidIn(rotated, 'active'))
  await service.stop()
  const restarted = await startService({
    dataDir: folder,
    args: ['--master-key-command', `/bin/cat ${join(folder, 'master.key')}`],
  })
  service = restarted
  expect(await (await fetch(restarted.url + KEY_SET_PATH)).text()).toContain(kidOf(token))
  expect(kidOf(await issue(restarted))).toBe(kidIn(rotated, 'active'))
}, 120_000)
