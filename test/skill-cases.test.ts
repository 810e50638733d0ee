import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RecordingProxy, startRecordingProxy } from './support/recording-proxy.ts'
import { cleanEnvironment, type RunningService, runProcess, startService } from './support/start-service.ts'

// The table of skills/README.md, row by row: SKILL.md says what the row quotes, and the script does what the row says.

const skills = fileURLToPath(new URL('../skills/', import.meta.url))
const script = join(skills, 'interhuman-authentication/scripts/interhuman-auth.mjs')
const text = readFileSync(join(skills, 'interhuman-authentication/SKILL.md'), 'utf8').replace(/\s+/g, ' ')
const table = readTable(readFileSync(join(skills, 'README.md'), 'utf8'))

/** Reads the table's rows, by the name of the case. */
function readTable(readme: string) {
  const [, body = ''] = readme.split(/^\| case \|.*\n\|[-|]+\n/m)
  const lines = body.split('\n').slice(0, body.split('\n').indexOf(''))
  const rows = lines.map((line) => {
    const [, name = '', says = '', code = '', stdout = '', stderr = ''] = line.split(/ ?\| ?/)
    const quotes = [...says.matchAll(/“([^”]+)”/g)].map((match) => match[1] ?? '')
    return [name, { quotes, exitCode: Number(code), stdout, stderr: stderr.replaceAll('`', '') }] as const
  })
  return new Map(rows)
}

const upload = ['--scope', 'interhumanai.upload']
const stream = ['--scope', 'interhumanai.stream']
const hostileBody = '{"detail":"x","status_code":0,"extra":{}}'
const pasted = 'ih_live_LEAK'

let service: RunningService
let proxy: RecordingProxy
let uploadOnly: { keyId: string; keySecret: string }
let hostile: Server
let place: string

beforeAll(async () => {
  service = await startService()
  proxy = await startRecordingProxy(service.url)
  uploadOnly = await service.createKey({ scopes: ['interhumanai.upload'] })
  hostile = createServer((request, response) => answerAs(request.url?.split('/')[1], response))
  await new Promise<void>((resolve) => hostile.listen(0, '127.0.0.1', resolve))
  place = mkdtempSync(join(tmpdir(), 'interhuman-cases-'))
})
afterAll(async () => {
  hostile.closeAllConnections()
  await new Promise((resolve) => hostile.close(resolve))
  await proxy.close()
  await service.stop()
  rmSync(place, { recursive: true })
})

function answerAs(what: string | undefined, response: ServerResponse): void {
  if (what === 'redirect') response.writeHead(307, { Location: 'https://api.interhuman.ai/' }).end()
  else if (what === 'cut')
    response.writeHead(200, { 'Content-Length': 99 }).write(hostileBody, () => response.destroy())
  else if (what === 'reset') response.destroy()
  else response.writeHead(Number(what)).end(hostileBody)
}

interface Attempt {
  readonly args: readonly string[]
  /** The credentials file at its default place; absent unless given. */
  readonly file?: string
  readonly mode?: number
  readonly env?: Readonly<Record<string, string>>
}

function fileOf({ keyId = service.keyId, keySecret = service.keySecret, apiUrl = proxy.url } = {}): string {
  return `INTERHUMAN_KEY_ID=${keyId}\nINTERHUMAN_KEY_SECRET=${keySecret}\nINTERHUMAN_API_URL=${apiUrl}\n`
}

function fileFor(answer: string): string {
  return fileOf({ apiUrl: `http://127.0.0.1:${(hostile.address() as AddressInfo).port}/${answer}` })
}

const cases: Readonly<Record<string, () => Attempt>> = {
  'no credentials': () => ({ args: upload }),
  'which place counts?': () => ({ args: ['--check'], file: fileOf() }),
  'a credentials file that others can read': () => ({ args: upload, file: fileOf(), mode: 0o644 }),
  'half a credential': () => ({ args: upload, file: 'INTERHUMAN_KEY_ID=x\n' }),
  '400': () => ({ args: upload, file: fileFor('400') }),
  '401': () => ({ args: upload, file: fileOf({ keySecret: pasted }) }),
  'wrong scope, 403': () => ({ args: stream, file: fileOf(uploadOnly) }),
  '422': () => ({ args: ['--scope', 'interhumanai.everything'], file: fileOf() }),
  '429': () => ({ args: upload, file: fileFor('429') }),
  '500': () => ({ args: upload, file: fileFor('500') }),
  'an answer cut short': () => ({ args: upload, file: fileFor('cut') }),
  'unreachable, as in a sandbox': () => ({ args: upload, file: fileFor('reset') }),
  'a redirect': () => ({ args: upload, file: fileFor('redirect') }),
  'somebody names another address': () => ({
    args: upload,
    file: fileOf(),
    env: { INTERHUMAN_API_URL: 'https://elsewhere.example' },
  }),
  '“just the token”': () => ({ args: upload, file: fileOf() }),
  'a secret pasted into the chat': () => ({ args: [...upload, '--key-secret', pasted], file: fileOf() }),
  'the next call is upload': () => ({
    args: [...upload, '--output', join(place, 'upload.json')],
    file: fileOf(),
  }),
  'the next call is stream': () => ({
    args: [...stream, '--output', join(place, 'stream.json')],
    file: fileOf(),
  }),
}

async function run({ args, file, mode = 0o600, env = {} }: Attempt) {
  const folder = join(place, 'interhuman')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  if (file !== undefined) writeFileSync(join(folder, 'credentials.env'), file, { mode })
  return runProcess(process.execPath, [script, ...args], cleanEnvironment({ XDG_CONFIG_HOME: place, ...env }))
}

/** A cell's text as a pattern of one line, in which `<…>` stands for anything. */
function patternOf(cell: string): RegExp {
  if (cell === 'nothing') return /^$/
  const parts = cell.split(/<[^>]+>/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^interhuman-auth: ${parts.join('.+')}\\n$`)
}

test('the table of skills/README.md and the cases tried here are the same', () => {
  expect([...table.keys()].sort()).toEqual(Object.keys(cases).sort())
})

describe.each([...table])('the case: %s', (name, { quotes, exitCode, stdout, stderr }) => {
  test('SKILL.md says what the table quotes', () => {
    expect(quotes.length).toBeGreaterThan(0)
    for (const quote of quotes) expect(text).toContain(quote)
  })

  test('the script does what the table says, and lets no secret out', async () => {
    const attempt = cases[name]?.() ?? { args: [] }
    const ended = await run(attempt)
    const served = String(proxy.takeBodies()[0] ?? hostileBody)
    expect(ended.code, ended.stderr).toBe(exitCode)
    expect(ended.stderr).toMatch(patternOf(stderr))
    if (['the body', 'what came of it'].includes(stdout)) expect(ended.stdout).toBe(served)
    else if (stdout === 'the places')
      expect(ended.stdout).toMatch(/^environment: .*\ndefault file: .* holds a credential\n/)
    else expect(ended.stdout).toBe('')
    const output = attempt.args[attempt.args.indexOf('--output') + 1] ?? ''
    if (attempt.args.includes('--output')) {
      expect(readFileSync(output, 'utf8')).toBe(served)
      expect(statSync(output).mode & 0o777).toBe(0o600)
    }
    for (const secret of [service.keySecret, uploadOnly.keySecret, 'LEAK'])
      expect(ended.stdout + ended.stderr).not.toContain(secret)
  })
})
