import { type ChildProcess, spawn } from 'node:child_process'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ERRORS } from '@interhuman-auth/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RecordingProxy, startRecordingProxy } from './support/recording-proxy.ts'
import {
  cleanEnvironment,
  type RunningService,
  runProcess,
  startService,
  waitUntil,
} from './support/start-service.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const address = 'http://127.0.0.1:4747'

let service: RunningService
let proxy: RecordingProxy
let place: string
let credentials: string

beforeAll(async () => {
  service = await startService()
  proxy = await startRecordingProxy(service.url)
  place = mkdtempSync(join(tmpdir(), 'interhuman-readme-'))
  symlinkSync(join(root, 'node_modules'), join(place, 'node_modules'))
  credentials = join(place, 'first-key.env')
  const text = readFileSync(service.credentialsFile, 'utf8').replace(service.url, proxy.url)
  writeFileSync(credentials, text, { mode: 0o600 })
})
afterAll(async () => {
  await proxy.close()
  await service.stop()
  rmSync(place, { recursive: true })
})

/** The one fenced block of a language that holds a text. */
function block(language: string, holding: string): string {
  const blocks = [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].filter((match) => match[1] === language)
  const found = blocks.map((match) => match[2] ?? '').filter((text) => text.includes(holding))
  expect(found, `blocks of ${language} with ${holding}`).toHaveLength(1)
  return found[0] ?? ''
}

/** Replaces what a reader would have and a test has not; fails when it is not there. */
function replace(text: string, from: string, to: string): string {
  expect(text).toContain(from)
  return text.replaceAll(from, to)
}

function writeProgram(name: string, text: string): string {
  const file = join(place, name)
  writeFileSync(file, text)
  return file
}

async function exchange(...scopes: string[]): Promise<string> {
  const { keyId, keySecret } = service
  const response = await fetch(`${service.url}/v0/auth`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ key_id: keyId, key_secret: keySecret, scopes }),
  })
  return response.text()
}

test('the answer that is shown is what the service answers, with the token cut', async () => {
  const answer = await exchange('interhumanai.upload', 'interhumanai.stream')
  expect(block('json', 'access_token')).toBe(`${answer.replace(/[\w-]+\.[\w-]+\.[\w-]+/, '<token cut>')}\n`)
})

test('the command that is shown writes what the service sent, byte for byte', async () => {
  const line = replace(block('sh', 'interhuman-auth token'), 'data/first-key.env', credentials)
  const { code, stdout, stderr } = await runProcess(
    '/bin/sh',
    ['-c', `cd '${root}' && ${line}`],
    cleanEnvironment(),
  )
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toBe(String(proxy.takeBodies()[0]))
})

test('the library call that is shown exchanges a key', async () => {
  const program = replace(block('js', 'requestToken'), address, proxy.url)
  const env = { INTERHUMAN_KEY_ID: service.keyId, INTERHUMAN_KEY_SECRET: service.keySecret }
  const file = writeProgram('request.mjs', program)
  const { code, stdout, stderr } = await runProcess(process.execPath, [file], cleanEnvironment(env))
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toBe(`200 ${proxy.takeBodies()[0]}\n`)
})

test('the upload that is shown is one, with the key in the environment and the example endpoint before it', async () => {
  const env = cleanEnvironment({ KEY_SET_URL: `${service.url}/.well-known/jwks.json`, PORT: '0' })
  const endpoint = spawn(process.execPath, [join(root, 'examples/upload-endpoint.ts')], { env })
  try {
    const url = (await firstLine(endpoint)).replace('listening on ', '')
    const program = replace(
      replace(block('js', 'createFetch'), address, service.url),
      'http://127.0.0.1:4800',
      url,
    )
    const line = replace(
      block('sh', 'upload.mjs'),
      '../interhuman-authentication/data/first-key.env',
      credentials,
    )
    writeProgram('upload.mjs', program)
    const shell = `cd '${place}' && PATH='${join(process.execPath, '..')}' ${line}`
    const { code, stdout, stderr } = await runProcess('/bin/sh', ['-c', shell], cleanEnvironment())
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(new RegExp(`^200 \\{"received_bytes":\\d+,"key_id":"${service.keyId}"\\}\n$`))
  } finally {
    await end(endpoint)
  }
})

test('the guard that is shown opens to the right token only', async () => {
  const listen = "listen(4800, '127.0.0.1')"
  const say = "listen(0, '127.0.0.1', function () { console.log(this.address().port) })"
  const program = replace(block('js', 'createGuard'), listen, say)
  const keys = replace(program, `keySet('${address}`, `keySet('${service.url}`)
  const child = spawn(process.execPath, [writeProgram('guard.mjs', keys)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const url = `http://127.0.0.1:${await firstLine(child)}`
    const ask = async (authorization?: string) => {
      const headers = authorization === undefined ? {} : { Authorization: authorization }
      const response = await fetch(url, { headers })
      return { status: response.status, text: await response.text() }
    }
    const right = JSON.parse(await exchange('interhumanai.upload')).access_token
    const wrong = JSON.parse(await exchange('interhumanai.stream')).access_token
    expect(await ask(`Bearer ${right}`)).toEqual({ status: 200, text: `hello, ${service.keyId}\n` })
    expect((await ask(`Bearer ${wrong}`)).status).toBe(403)
    expect((await ask('Bearer no-token')).status).toBe(401)
    expect((await ask()).status).toBe(401)
  } finally {
    await end(child)
  }
})

test('docs/openapi.json is what the service answers at /openapi.json', async () => {
  const written = JSON.parse(readFileSync(join(root, 'docs/openapi.json'), 'utf8'))
  expect(await (await fetch(`${service.url}/openapi.json`)).json()).toEqual(written)
})

test('what the README says of the default issuer is so, whatever the port', async () => {
  const [, payload = ''] = JSON.parse(await exchange('interhumanai.upload')).access_token.split('.')
  expect(JSON.parse(Buffer.from(payload, 'base64url').toString()).iss).toBe(address)
})

test('the README names the project as independent, and nothing that looks like a secret', () => {
  expect(readme).toMatch(/not affiliated with\s+Interhuman/)
  expect(readme).not.toMatch(/eyJ|ih_live_\w|[A-Za-z0-9_-]{40,}/)
})

test('ARCHITECTURE.md names every error of the catalogue with its file', () => {
  const architecture = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')
  const rows = architecture.split('\n').filter((line) => /^\| [\w, ]+ \| .*`\w+.*\.ts`/.test(line))
  const missing = Object.values(ERRORS).filter(
    (row) =>
      !rows.some((line) => line.includes(`\`${row.id}\``) && line.split('|')[1]?.includes(`${row.status}`)),
  )
  expect(missing.map((row) => `${row.status} ${row.id}`)).toEqual([])
})

/** The ids that Interhuman publishes and where each is used: the table of our contract's section 2, row by row. */
const PUBLISHED: readonly (readonly [id: string, ...where: string[]])[] = [
  ['ih1001', '500'],
  ['ih1003', '503', 'stream'],
  ['ih2001', '401'],
  ['ih2002', '401'],
  ['ih2003', '403', 'stream'],
  ['ih2005', '400'],
  ['ih2010', '401'],
  ['ih2011', '401'],
  ['ih2014', '401'],
  ['ih3001', '429'],
  ['ih3002', '429'],
  ['ih3003', '429'],
  ['ih3006', '429'],
  ['ih4001', '400'],
  ['ih4002', '400'],
  ['ih4003', '413'],
  ['ih6002', 'stream'],
]
/** The statuses of an exchange, and the rules that have no status: what the rest of that section says. */
const STATUSES = [400, 401, 403, 404, 405, 408, 413, 422, 429, 431, 500, 503].map(String)
const RULES = [
  /^v0 body, v1 body/,
  /^which body a path speaks/,
  /^correlation id/,
  /^`link` and its slug/,
  /^the page that `link` points at/,
  /^catalogue, page and OpenAPI agree/,
  /^ids of our own/,
  /^"Unauthorized" in a 401, "Forbidden" in a 403/,
  /^what Node's parser refuses gets the same body/,
  /^no CORS, but `\*` on the key set/,
]

test('ARCHITECTURE.md leads in one step to the file of each row of our contract’s section 2', () => {
  const architecture = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')
  const section = /^## Errors[\s\S]*?(?=^## )/m.exec(architecture)?.[0] ?? ''
  const rows = section.split('\n').flatMap((line) => {
    const cells = line.split('|').map((cell) => cell.trim())
    return cells.length >= 4 ? [{ key: cells[1] ?? '', name: cells[2] ?? '', file: cells.at(-2) ?? '' }] : []
  })
  const leads = (row: { file: string }) =>
    [...row.file.matchAll(/`([\w./-]+\.(?:ts|mjs))`/g)].some(([, file = '']) =>
      [root, join(root, 'service/src')].some((folder) => existsSync(join(folder, file))),
    )
  const found = rows.filter(leads)
  const inKey = (row: { key: string }, where: string) => row.key.split(', ').includes(where)
  const unled = [
    ...PUBLISHED.flatMap(([id, ...places]) =>
      places
        .filter((where) => !found.some((row) => row.name.includes(`\`${id}\``) && inKey(row, where)))
        .map((where) => `${id} ${where}`),
    ),
    ...STATUSES.filter((status) => !found.some((row) => inKey(row, status))),
    ...['close code 4003', '1013', 'error envelopes of v0 and v1'].filter(
      (name) => !found.some((row) => row.key === 'stream' && row.name.includes(name)),
    ),
    ...RULES.filter((rule) => !found.some((row) => rule.test(row.key))).map(String),
  ]
  expect(unled).toEqual([])
  // What is in the catalogue under a published id is what Interhuman published.
  const ours = Object.values(ERRORS).filter(({ id }) => id.startsWith('ih'))
  expect(
    ours.filter(
      ({ id, status }) => !PUBLISHED.some(([other, where]) => other === id && where === `${status}`),
    ),
  ).toEqual([])
})

test('every dependency has its page among the decisions, and every page stands in their index', () => {
  const folder = join(root, 'docs/decisions')
  const pages = readdirSync(folder).filter((file) => file !== 'README.md')
  const index = readFileSync(join(folder, 'README.md'), 'utf8')
  expect(pages.filter((page) => !index.includes(`](${page})`))).toEqual([])
  const text = pages.map((page) => readFileSync(join(folder, page), 'utf8')).join('\n')
  expect(dependencies().filter((name) => !isNamed(name, text))).toEqual([])
  expect(isNamed('pg', 'kept in pgbouncer and pg-boss, @types/pg')).toBe(false)
})

/** Whether a text names a package by a whole word; a page on pg-boss is none on pg. */
function isNamed(name: string, text: string): boolean {
  const word = name.replace(/^@biomejs\//, '').replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
  return new RegExp(`(?<![\\w@/.-])${word}(?![\\w/-]|\\.\\w)`, 'i').test(text)
}

function dependencies(): string[] {
  const folders = ['', 'protocol', 'client', 'cli', 'guard', 'service']
  return folders.flatMap((folder) => {
    const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
    const kinds = ['dependencies', 'devDependencies', 'optionalDependencies']
    const names = kinds.flatMap((kind) => Object.keys(manifest[kind] ?? {}))
    return names.filter((name) => !/^@(?:types|interhuman-auth)\//.test(name))
  })
}

async function firstLine(child: ChildProcess): Promise<string> {
  let text = ''
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  await waitUntil(
    () => text.includes('\n') || child.exitCode !== null,
    () => 'the program wrote no line',
  )
  return text.split('\n')[0] ?? ''
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const closed = new Promise((resolve) => child.once('close', resolve))
  child.kill('SIGKILL')
  await closed
}
