import { createDecipheriv, createPrivateKey } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ALGORITHMS, SCOPES, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readCredentialsFile } from './support/credentials.ts'
import { formatRequest, sendRaw } from './support/raw-http.ts'
import { type RunningService, runService, startService, waitUntil } from './support/start-service.ts'

// One full run of everything that has to do with secrets; then every file, log and message is searched for them.

let dataDir: string
/** What may be nowhere, by what it is. */
const secrets = new Map<string, Buffer>()
/** What was written where people and programs read it. */
const outputs = new Map<string, string>()
/** The bytes of every file of the data folder but those that are there to hold a secret, at several moments. */
const files = new Map<string, Buffer>()

const HOLDERS = /^(?:master\.key|first-key\.env|\w+\.env)$/

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'interhuman-auth-secrets-'))
  for (const algorithm of ALGORITHMS) await run(algorithm)
  collectSigningKeys()
}, 120_000)
afterAll(() => rmSync(dataDir, { recursive: true }))

async function run(algorithm: string): Promise<void> {
  const service = await startService({ dataDir, args: ['--algorithm', algorithm, '--log-level', 'trace'] })
  await signWith(algorithm, service)
  addSecret('first', service.keySecret)
  await exchange(service, service.keyId, service.keySecret)
  const created = JSON.parse(
    await command(service, 'create', ['--name', 'shown', '--scope', UPLOAD_SCOPE, '--json'], true),
  )
  addSecret(`${algorithm} created`, created.key_secret)
  await exchange(service, created.key_id, created.key_secret)
  const rotated = await command(service, 'rotate', [created.key_id], true)
  const second = /ih_live_\w+/.exec(rotated)?.[0] ?? ''
  addSecret(`${algorithm} rotated`, second)
  await exchange(service, created.key_id, second)
  await clientTokens(service, created.key_id, second)
  await exchange(service, created.key_id, created.key_secret)
  const file = join(dataDir, `${algorithm}.env`)
  await command(service, 'create', ['--name', 'filed', '--scope', UPLOAD_SCOPE, '--credentials-file', file])
  const filed = readCredentialsFile(file)
  addSecret(`${algorithm} filed`, filed.keySecret)
  await exchange(service, filed.keyId, filed.keySecret)
  if (algorithm === ALGORITHMS[0]) await otherCommands(service, file, filed.keyId, second)
  await badExchanges(service, created.key_id, second)
  for (const name of ['', '-wal', '-shm'])
    files.set(`${algorithm} running${name}`, readFileSync(join(dataDir, `interhuman-auth.db${name}`)))
  expect(await service.stop()).toBe(0)
  outputs.set(`${algorithm} log`, service.logs())
  for (const name of readdirSync(dataDir).filter((each) => !HOLDERS.test(each)))
    files.set(`${algorithm} stopped ${name}`, readFileSync(join(dataDir, name)))
}

/** A new algorithm is published before it signs; here nobody waits for it. */
async function signWith(algorithm: string, service: RunningService): Promise<void> {
  if (algorithm === ALGORITHMS[0]) return
  const args = ['rotate', '--now', '--data-dir', dataDir]
  const { code, stdout, stderr } = await runService(['signing-keys', ...args])
  expect(code).toBe(0)
  outputs.set(`stdout and stderr of a rotation to ${algorithm}`, stdout + stderr)
  const signedWith = async () => {
    const [header] = (await exchange(service, service.keyId, service.keySecret)).split('.')
    return JSON.parse(Buffer.from(header ?? '', 'base64url').toString()).alg as string
  }
  await waitUntil(
    async () => (await signedWith()) === algorithm,
    () => `the service does not sign with ${algorithm}`,
  )
}

/** Every command that shows no secret, and those that are told one by mistake. */
async function otherCommands(
  service: RunningService,
  file: string,
  keyId: string,
  secret: string,
): Promise<void> {
  for (const args of [['disable'], ['enable'], ['show'], ['show', '--json'], ['revoke']])
    await command(service, args[0] ?? '', [keyId, ...args.slice(1)])
  await command(service, 'list', [])
  await command(service, 'show', [secret], false, 1)
  await command(service, 'create', ['--name', 'n', '--scope', secret], false, 2)
  const again = ['--name', 'filed', '--scope', UPLOAD_SCOPE, '--credentials-file', file]
  await command(service, 'create', again, false, 1)
}

function addSecret(name: string, secret: string): void {
  expect(secret).toMatch(/^ih_live_\w{49}$/)
  secrets.set(name, Buffer.from(secret))
}

async function exchange(service: RunningService, keyId: string, keySecret: string): Promise<string> {
  let token = ''
  const body = JSON.stringify({ key_id: keyId, key_secret: keySecret, scopes: [UPLOAD_SCOPE] })
  for (const path of ['/v0/auth', '/v1/auth']) {
    const { responses } = await sendRaw(service.url, formatRequest(path, body), { count: 1 })
    expect(responses[0]?.status).toBe(200)
    token = JSON.parse(responses[0]?.body ?? '').access_token
    secrets.set(`token ${secrets.size}`, Buffer.from(token))
    secrets.set(`signature ${secrets.size}`, Buffer.from(token.split('.')[2] ?? ''))
  }
  return token
}

/** A client token in either form of the key, revoked by itself: it may be nowhere either. */
async function clientTokens(service: RunningService, keyId: string, keySecret: string): Promise<void> {
  const origins = { allowed_origins: ['https://app.example.com'], scopes: [UPLOAD_SCOPE] }
  for (const key of [{ key_id: keyId, key_secret: keySecret }, { api_key: keySecret }]) {
    const ask = async (path: string, fields: object) => {
      const bytes = formatRequest(path, JSON.stringify({ ...key, ...fields }))
      return (await sendRaw(service.url, bytes, { count: 1 })).responses[0]
    }
    const issued = await ask('/v1/client_tokens', origins)
    expect(issued?.status).toBe(200)
    const token: string = JSON.parse(issued?.body ?? '').access_token
    secrets.set(`client token ${secrets.size}`, Buffer.from(token))
    secrets.set(`signature ${secrets.size}`, Buffer.from(token.split('.')[2] ?? ''))
    const revoked = await ask('/v1/client_tokens/revoke', { token })
    expect(revoked?.status).toBe(200)
    outputs.set(`answer ${outputs.size}`, JSON.stringify(revoked))
  }
}

/** A secret in every place where a client could put it by mistake. */
async function badExchanges(service: RunningService, keyId: string, secret: string): Promise<void> {
  const token = [...secrets].find(([name]) => name.startsWith('token'))?.[1].toString() ?? ''
  for (const canary of [secret, token, 'LEAK']) {
    const good = { key_id: keyId, key_secret: canary, scopes: SCOPES }
    const bodies = [
      good,
      { ...good, key_id: canary },
      { ...good, key_id: [canary] },
      { ...good, scopes: [canary] },
      { ...good, scopes: canary },
      { [canary]: canary },
      canary,
      `${JSON.stringify(good)}${canary}`,
    ].map((body) => (typeof body === 'string' ? body : JSON.stringify(body)))
    const paths = [
      '/v0/auth',
      '/v1/auth',
      `/v0/auth?key_secret=${canary}`,
      `/v0/auth?x=${canary}`,
      `/v0/auth/${canary}`,
      `/${canary}%`,
    ]
    const headers = [
      'Authorization: Bearer',
      'User-Agent:',
      'Cookie: a',
      'Referer:',
      'X-Forwarded-For:',
      'Content-Encoding:',
    ].map((name) => `${name} ${canary}`)
    for (const path of paths)
      for (const body of bodies) {
        const { responses } = await sendRaw(service.url, formatRequest(path, body, { headers }), { count: 1 })
        outputs.set(`answer ${outputs.size}`, responses[0]?.status === 200 ? '' : JSON.stringify(responses))
      }
    await badClientTokens(service, canary)
    const raw = [
      `${canary}\r\n\r\n`,
      `GET /${canary} HTTP/9\r\n\r\n`,
      `${canary} /v0/auth HTTP/1.1\r\n\r\n`,
      `GET / HTTP/1.1\r\n${canary}\r\n\r\n`,
    ]
    for (const bytes of raw)
      outputs.set(`answer ${outputs.size}`, JSON.stringify((await sendRaw(service.url, bytes)).responses))
  }
}

async function badClientTokens(service: RunningService, canary: string): Promise<void> {
  const key = { key_id: service.keyId, key_secret: service.keySecret }
  const bodies = [
    { api_key: canary === 'LEAK' ? canary : `${canary}x`, token: canary },
    { ...key, scopes: [canary], allowed_origins: [canary], max_bytes: canary, token: [canary] },
    { ...key, api_key: canary, token: canary, token_id: canary },
  ]
  for (const path of ['/v1/client_tokens', '/v1/client_tokens/revoke', `/v1/client_tokens?token=${canary}`])
    for (const body of bodies) {
      const bytes = formatRequest(path, JSON.stringify(body))
      const { responses } = await sendRaw(service.url, bytes, { count: 1 })
      expect(responses[0]?.status).toBeGreaterThanOrEqual(400)
      outputs.set(`answer ${outputs.size}`, JSON.stringify(responses))
    }
}

async function command(
  service: RunningService,
  name: string,
  args: readonly string[],
  shows = false,
  expected = 0,
): Promise<string> {
  const { code, stdout, stderr } = await service.keys(name, ...args)
  expect(code).toBe(expected)
  outputs.set(`stderr ${outputs.size} of keys ${name}`, stderr)
  if (!shows) outputs.set(`stdout ${outputs.size} of keys ${name}`, stdout)
  return stdout
}

/** Opens what is sealed: format (1), nonce (12), tag (16), AES-256-GCM ciphertext. */
function unseal(masterKey: Buffer, sealed: Buffer, context: string): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', masterKey, sealed.subarray(1, 13))
  decipher.setAAD(Buffer.from(context)).setAuthTag(sealed.subarray(13, 29))
  return Buffer.concat([decipher.update(sealed.subarray(29)), decipher.final()])
}

/** The private keys and the secrets of the whole store, opened with the master key. */
function collectSigningKeys(): void {
  const masterKey = Buffer.from(readFileSync(join(dataDir, 'master.key'), 'utf8').trim(), 'base64url')
  secrets.set('master key', masterKey)
  const db = new Database(join(dataDir, 'interhuman-auth.db'), { readonly: true })
  const rows = db.prepare('select kid, algorithm, sealed_private_key from signing_keys').all() as {
    kid: string
    algorithm: string
    sealed_private_key: Buffer
  }[]
  const sealed = db.prepare("select name, value from settings where name like 'sealed:%'").all() as {
    name: string
    value: string
  }[]
  db.close()
  expect(sealed.length).toBeGreaterThan(0)
  for (const { name, value } of sealed)
    secrets.set(name, unseal(masterKey, Buffer.from(value, 'base64url'), name.slice('sealed:'.length)))
  expect(rows).toHaveLength(2 * ALGORITHMS.length)
  for (const { kid, algorithm, sealed_private_key } of rows) {
    const bytes = unseal(masterKey, sealed_private_key, `signing-key:${algorithm}:${kid}`)
    secrets.set(`signing key ${kid}`, bytes)
    if (algorithm === 'HS256') continue
    const { d } = createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' }).export({ format: 'jwk' })
    secrets.set(`private number ${kid}`, Buffer.from(d ?? '', 'base64url'))
  }
}

/** Every form in which a secret could stand somewhere. */
function formsOf(secret: Buffer): Buffer[] {
  const hex = secret.toString('hex')
  const texts = [
    hex,
    hex.toUpperCase(),
    secret.toString('base64').replace(/=+$/, ''),
    secret.toString('base64url'),
  ]
  return [secret, ...texts.map((text) => Buffer.from(text))]
}

function expectNowhere(places: ReadonlyMap<string, Buffer | string>): void {
  const found: string[] = []
  const searched = [...secrets].flatMap(([name, secret]) => formsOf(secret).map((form) => ({ name, form })))
  for (const [place, content] of places) {
    const bytes = Buffer.from(content as Buffer)
    for (const { name, form } of searched) if (bytes.includes(form)) found.push(`${name} in ${place}`)
    if (bytes.includes('LEAK')) found.push(`LEAK in ${place}`)
  }
  expect(found).toEqual([])
}

test('no secret, token or private key stands in a database file, at work or at rest', () => {
  expect(secrets.size).toBeGreaterThan(50)
  expect(files.size).toBeGreaterThanOrEqual(4 * ALGORITHMS.length)
  expectNowhere(files)
})

test('none stands in a log, in an answer that refuses, or in what a command says', () => {
  expect(outputs.size).toBeGreaterThan(400)
  expectNowhere(outputs)
})

test('the log at its most talkative has no line but those that it always has', () => {
  const events = ALGORITHMS.flatMap((algorithm) => [
    ...(outputs.get(`${algorithm} log`) ?? '').matchAll(/"event":"(\w+)"/g),
  ])
  const known = ['first_key', 'listening', 'request', 'stopped', 'stopping']
  expect([...new Set(events.map(([, event]) => event))].sort()).toEqual(known)
})

test('the search would find what it looks for', () => {
  const [first] = secrets.values()
  const place = Buffer.concat([Buffer.of(0, 255), first ?? Buffer.of(), Buffer.of(7)])
  expect(() => expectNowhere(new Map([['a place', place]]))).toThrow()
  expect(() => expectNowhere(new Map([['a place', first?.toString('base64url') ?? '']]))).toThrow()
})
