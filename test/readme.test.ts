import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
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

test('every dependency has its page among the decisions, and every page stands in their index', () => {
  const folder = join(root, 'docs/decisions')
  const pages = readdirSync(folder).filter((file) => file !== 'README.md')
  const index = readFileSync(join(folder, 'README.md'), 'utf8')
  expect(pages.filter((page) => !index.includes(`](${page})`))).toEqual([])
  const text = pages.map((page) => readFileSync(join(folder, page), 'utf8')).join('\n')
  const unnamed = dependencies().filter(
    (name) => !text.toLowerCase().includes(name.replace(/^@biomejs\//, '')),
  )
  expect(unnamed).toEqual([])
})

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
