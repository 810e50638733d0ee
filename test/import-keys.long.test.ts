import { spawn } from 'node:child_process'
import { hash } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { STREAM_SCOPE, TOKEN_ENDPOINTS, type TokenResponse, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createTestDatabase } from './support/create-test-database.ts'
import { startNode } from './support/start-node.ts'
import { cleanEnvironment, runService, SERVICE_COMMAND, waitUntil } from './support/start-service.ts'

const KEYS = 15_000
const BATCH_KEYS = 1000

interface SecretRow {
  readonly line: number
  readonly name: string
  readonly key_id: string
  readonly key_secret: string
}

const ends: (() => unknown)[] = []
let folder: string
let settings: Record<string, string>
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-import-'))
  ends.push(() => rmSync(folder, { recursive: true }))
  settings = { INTERHUMAN_AUTH_DATA_DIR: join(folder, 'data') }
})
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

const at = (name: string) => join(folder, name)
const words = (list: string, secrets = 'secrets.jsonl') => [
  ...['import', '--keys', at(list), '--secrets-file', at(secrets), '--json'],
]
const importKeys = (list: string, secrets?: string) => runService(words(list, secrets), settings)
const rows = (name = 'secrets.jsonl') =>
  readFileSync(at(name), 'utf8')
    .split('\n')
    .slice(1, -1)
    .map((line) => JSON.parse(line) as SecretRow)

async function run(...args: readonly string[]) {
  const { code, stdout, stderr } = await runService([...args, '--json'], settings)
  if (code !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

describe('import --keys', () => {
  test('makes a key for each line, each with its secret in a file of the owner’s alone; once more makes none', async () => {
    writeFileSync(
      at('list.csv'),
      `name,scopes,direct,expires_in_seconds\nfirst,${UPLOAD_SCOPE},,\n"second, direct",${UPLOAD_SCOPE} ${STREAM_SCOPE},on,3600\n`,
    )
    const first = await importKeys('list.csv')
    expect(first.stderr).toContain('secrets.jsonl and nowhere else')
    expect(JSON.parse(first.stdout)).toEqual({ secrets_file: at('secrets.jsonl'), keys: 2, made_now: 2 })
    expect(statSync(at('secrets.jsonl')).mode & 0o777).toBe(0o600)
    const made = rows()
    expect(made.map(({ line, name }) => [line, name])).toEqual([
      [2, 'first'],
      [3, 'second, direct'],
    ])
    for (const { key_secret } of made) expect(first.stdout + first.stderr).not.toContain(key_secret)
    const again = await importKeys('list.csv')
    expect(JSON.parse(again.stdout)).toMatchObject({ keys: 2, made_now: 0 })
    expect(rows()).toEqual(made)

    const node = await startNode(settings)
    ends.push(() => node.kill())
    const [, second] = made
    const response = await fetch(node.url + TOKEN_ENDPOINTS.v1, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ ...second, line: undefined, name: undefined, scopes: [STREAM_SCOPE] }),
    })
    expect(response.status).toBe(200)
    expect((await response.json()) as TokenResponse).toMatchObject({ scope: STREAM_SCOPE })
    const shown = await run('keys', 'show', String(second?.key_id))
    expect(JSON.stringify(shown)).toContain('second, direct')
    expect((await runService(['audit', 'verify'], settings)).code).toBe(0)
  })

  test('tells every bad line and makes nothing', async () => {
    writeFileSync(at('list.jsonl'), '{"name":"LEAK","scopes":["all"]}\n{"name":""}\n')
    const { code, stderr } = await importKeys('list.jsonl')
    expect(code).not.toBe(0)
    expect(stderr).toContain('line 1 needs scopes')
    expect(stderr).toContain('line 2 needs a name')
    expect(stderr).toContain('no key was made')
    expect(stderr).not.toContain('LEAK')
    expect(() => statSync(at('secrets.jsonl'))).toThrow('ENOENT')
  })

  test('makes nothing of a list with an end that is over, and goes on with one whose end came meanwhile', async () => {
    const write = (expiresAt: number) =>
      writeFileSync(
        at('list.jsonl'),
        ['first', 'second']
          .map((name) =>
            JSON.stringify({ name, scopes: [UPLOAD_SCOPE], expires_at: new Date(expiresAt).toISOString() }),
          )
          .join('\n'),
      )
    write(Date.now() - 1000)
    expect((await importKeys('list.jsonl')).stderr).toContain('line 1 has an expires_at in the past')
    const end = Date.now() + 5000
    write(end)
    expect((await importKeys('list.jsonl')).code).toBe(0)
    const [, second] = rows()
    // As if it had been killed before it could make the second key.
    writeFileSync(
      at('secrets.jsonl'),
      readFileSync(at('secrets.jsonl'), 'utf8').replace(String(second?.key_id), 'ihk_00000000000000000000'),
    )
    await waitUntil(
      () => Date.now() > end,
      () => 'the end did not come',
    )
    const { stdout, stderr } = await importKeys('list.jsonl')
    expect([stderr, JSON.parse(stdout)]).toEqual([
      expect.anything(),
      expect.objectContaining({ made_now: 1 }),
    ])
    expect(JSON.stringify(await run('keys', 'show', 'ihk_00000000000000000000'))).toContain('second')
  })

  test('goes on only with its own list, its own store and a file that nobody else reads', async () => {
    const line = (name: string) => `${JSON.stringify({ name, scopes: [UPLOAD_SCOPE] })}\n`
    writeFileSync(at('list.jsonl'), line('a'))
    expect((await importKeys('list.jsonl')).code).toBe(0)
    writeFileSync(at('other.jsonl'), line('b'))
    expect((await importKeys('other.jsonl')).stderr).toContain('that of another list')
    settings = { INTERHUMAN_AUTH_DATA_DIR: at('elsewhere') }
    expect((await importKeys('list.jsonl')).stderr).toContain('that of another store')
    writeFileSync(at('notes.jsonl'), 'mine\n', { mode: 0o600 })
    expect((await importKeys('list.jsonl', 'notes.jsonl')).stderr).toContain(
      'no file of secrets of an import',
    )
    expect(readFileSync(at('notes.jsonl'), 'utf8')).toBe('mine\n')
    chmodSync(at('secrets.jsonl'), 0o644)
    expect((await importKeys('list.jsonl')).stderr).toContain('can be read by others')
  })
})

describe.each(['SQLite', 'PostgreSQL'])('import --keys into %s, killed again and again', (kind) => {
  test('goes on where it was: each line has one key, and each key its secret in the file', async () => {
    if (kind === 'PostgreSQL') {
      const database = await createTestDatabase()
      ends.push(() => database.remove())
      settings.INTERHUMAN_AUTH_DATABASE_URL = database.url
    }
    const names = Array.from({ length: KEYS }, (_, index) => `key ${index}`)
    writeFileSync(
      at('list.jsonl'),
      names.map((name) => `${JSON.stringify({ name, scopes: [UPLOAD_SCOPE] })}\n`).join(''),
    )
    let killed = 0
    for (const place of [1, 3, 6, 11]) if (await killBehind(place * BATCH_KEYS)) killed += 1
    expect(killed).toBeGreaterThan(1)
    const { code, stdout, stderr } = await importKeys('list.jsonl')
    expect([code, stderr]).toEqual([0, expect.stringContaining('nowhere else')])
    const { keys, made_now } = JSON.parse(stdout)
    expect(keys).toBe(KEYS)
    expect(made_now).toBeLessThan(KEYS)

    const made = rows()
    expect(made.map(({ name }) => name)).toEqual(names)
    expect(new Set(made.map(({ key_id }) => key_id)).size).toBe(KEYS)
    const kept = await readKept()
    expect(kept.size).toBe(KEYS)
    const wrong = made.filter(
      ({ key_id, key_secret }) => kept.get(key_id) !== hash('sha256', key_secret, 'base64'),
    )
    expect(wrong).toEqual([])
    expect(await run('audit', 'verify')).toMatchObject({
      whole: true,
      rows: expect.toSatisfy((count) => count >= KEYS),
    })
  }, 180_000)
})

/** Kills an import (SIGKILL) once its file has more than so many rows. @returns whether it was alive until then. */
async function killBehind(place: number): Promise<boolean> {
  const child = spawn(process.execPath, [SERVICE_COMMAND, ...words('list.jsonl')], {
    env: cleanEnvironment(settings),
    stdio: 'ignore',
  })
  const closed = new Promise((resolve) => child.once('close', resolve))
  const size = () => {
    try {
      return statSync(at('secrets.jsonl')).size
    } catch {
      return 0
    }
  }
  // A row has about 140 bytes.
  await waitUntil(
    () => size() > place * 140 || child.exitCode !== null,
    () => 'the import did not come so far',
  )
  const isAlive = child.kill('SIGKILL')
  await closed
  return isAlive
}

/** The hash of each key's secret in base64, by the key's id, as an export of the store has it. */
async function readKept(): Promise<ReadonlyMap<string, string>> {
  writeFileSync(at('passphrase'), 'LEAK a long passphrase', { mode: 0o600 })
  await run('export', at('export'), '--passphrase-file', at('passphrase'))
  return new Map(
    readFileSync(at('export'), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('["api_keys"'))
      .map((line) => {
        const [, { key_id, secret_hash }] = JSON.parse(line)
        return [key_id, secret_hash.b64]
      }),
  )
}
