import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cleanEnvironment, runProcess, waitUntil } from './support/start-service.ts'

// The README's section on the client, line by line, in a copy that nobody has built: from nothing to an upload.

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const SERVICE = 'http://127.0.0.1:4747'
const ENDPOINT = 'http://127.0.0.1:4800'
/** The registry is not asked: what is installed is in the two files. */
const OFFLINE = { npm_config_offline: 'true', npm_config_audit: 'false', npm_config_cache: '' }

let place: string
let clone: string
const running: { child: ChildProcess; ended: Promise<unknown> }[] = []

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'interhuman-auth-readme-client-'))
  clone = join(place, 'interhuman-authentication')
  const left = new Set(['.git', '.cache', 'node_modules', 'dist', 'data', 'coverage'])
  cpSync(ROOT, clone, {
    recursive: true,
    filter: (file) => !left.has(basename(file)) && !file.endsWith('.tsbuildinfo'),
  })
  OFFLINE.npm_config_cache = join(place, 'npm')
})
afterAll(async () => {
  for (const { child, ended } of running.reverse()) {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await ended
    clearTimeout(timer)
  }
  rmSync(place, { recursive: true, force: true })
})

/** The section's fenced blocks of a language, in order. */
function blocks(language: string): string[] {
  const readme = readFileSync(join(clone, 'README.md'), 'utf8')
  const section = /^### The client\n([\s\S]*?)^### /m.exec(readme)?.[1] ?? ''
  return [...section.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, text = '']) => text,
  )
}

const environment = () =>
  cleanEnvironment({ ...OFFLINE, PATH: `${join(process.execPath, '..')}:${process.env.PATH}` })
const shell = (folder: string, lines: string) =>
  runProcess('/bin/sh', ['-ec', `cd '${folder}'\n${lines}`], environment())

/** What `npm ci` does, without a registry: what is installed is linked, and the workspaces are the copy's own. */
function install(): void {
  for (const folder of ['node_modules', 'service/node_modules']) link(join(ROOT, folder), join(clone, folder))
}

function link(from: string, to: string): void {
  if (!existsSync(from)) return
  mkdirSync(to, { recursive: true })
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (['@interhuman-auth', '.bin'].includes(entry.name)) link(source, target)
    else symlinkSync(entry.isSymbolicLink() ? readlinkSync(source) : source, target)
  }
}

/** A program that goes on until the end; gives what it says that matches. */
async function start(
  args: readonly string[],
  says: RegExp,
  env: Record<string, string> = {},
): Promise<string> {
  const child = spawn(process.execPath, args, { cwd: clone, env: { ...environment(), ...env } })
  running.push({ child, ended: once(child, 'close') })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  await waitUntil(
    () => says.test(said) || child.exitCode !== null,
    () => `${args.join(' ')} said nothing of it: ${said}`,
  )
  const found = says.exec(said)?.[1]
  if (found === undefined) throw new Error(`${args.join(' ')} ended: ${said}`)
  return found
}

test('what is packed before anything is installed is refused, and no empty package is made', async () => {
  const [lines = ''] = blocks('sh')
  const pack = lines.split('\n').find((line) => line.startsWith('npm pack')) ?? ''
  const { code, stderr } = await shell(clone, pack.replace('--silent', ''))
  expect(code).not.toBe(0)
  expect(stderr).toContain('run "npm ci" first')
  expect(readdirSync(place).filter((name) => name.endsWith('.tgz'))).toEqual([])
})

test('the lines of the section lead from a fresh copy to an authenticated upload', async () => {
  const [prepare = '', use = ''] = blocks('sh')
  const [first, ...rest] = prepare.trim().split('\n')
  expect(first).toBe('npm ci')
  install()
  expect(existsSync(join(clone, 'client/dist'))).toBe(false)
  const prepared = await shell(clone, rest.join('\n'))
  expect({ code: prepared.code, stderr: prepared.stderr }).toEqual({ code: 0, stderr: '' })

  // The ports of the machine may be taken, so these two are the only change.
  const service = await start(['tools/start.mjs', '--port', '0'], /listens on (http:\S+)\n/)
  const endpoint = await start(['examples/upload-endpoint.ts'], /listening on (http:\S+)\n/, {
    KEY_SET_URL: `${service}/.well-known/jwks.json`,
    PORT: '0',
  })
  const [program = ''] = blocks('js')
  expect(program.includes(SERVICE) && program.includes(ENDPOINT)).toBe(true)
  const project = join(place, 'your-project')
  writeFileSync(
    join(project, 'upload.mjs'),
    program.replaceAll(SERVICE, service).replaceAll(ENDPOINT, endpoint),
  )
  await waitUntil(
    () => existsSync(join(clone, 'data/first-key.env')),
    () => 'no key was made',
  )
  const { code, stdout, stderr } = await shell(project, use)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^200 \{"received_bytes":\d+,"key_id":"ihk_\w+"\}\n$/)
  expect(statSync(join(project, 'node_modules/@interhuman-auth/client/dist/index.js')).size).toBeGreaterThan(
    0,
  )
})
