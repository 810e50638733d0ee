import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type GuardedStream, startGuardedStream } from './support/start-guarded-stream.ts'
import { type RunningService, startService } from './support/start-service.ts'

// The packages as somebody installs them: packed, looked at by the linters of packages, and used in an empty project.

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PACKED = ['protocol', 'client', 'guard'] as const
const TIMEOUT_MS = 60_000

let folder: string
let service: RunningService
let stream: GuardedStream
const tarballs = new Map<string, string>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'interhuman-auth-packages-'))
  const workspaces = PACKED.flatMap((name) => ['-w', name])
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder, ...workspaces]
  await run('npm', args, { cwd: ROOT, timeout: TIMEOUT_MS })
  for (const name of PACKED) {
    const file = (await readdir(folder)).find((each) => each.startsWith(`interhuman-auth-${name}-`))
    tarballs.set(name, join(folder, file ?? 'absent'))
  }
  service = await startService()
  stream = await startGuardedStream()
  stream.behaviour.onOpen = (socket) => socket.close(4000)
}, TIMEOUT_MS)
afterAll(async () => {
  await stream.close()
  await service.stop()
  await rm(folder, { recursive: true })
})

describe.each(PACKED)('%s', (name) => {
  test('has nothing that publint finds', async () => {
    const { messages } = await publint({ pkgDir: join(ROOT, name), strict: true, pack: false })
    expect(messages).toEqual([])
  })

  test('has types that every resolution finds, but for require in the Node that has none of modules', async () => {
    const data = await readFile(tarballs.get(name) ?? '')
    const result = await checkPackage(createPackageFromTarballData(new Uint8Array(data)))
    const problems = 'problems' in result ? result.problems : [{ kind: 'no types' }]
    // node10 knows no `exports`, and a package of modules alone is what CommonJS imports dynamically.
    const known = ['NoResolution', 'CJSResolvesToESM']
    expect(problems.filter(({ kind }) => !known.includes(kind))).toEqual([])
  })

  test('holds its source and what is built from it, and no machine’s paths', async () => {
    const { stdout } = await run('tar', ['-tzf', tarballs.get(name) ?? ''])
    const files = stdout.trim().split('\n')
    expect(files).toContain('package/dist/index.d.ts')
    expect(files).toContain('package/src/index.ts')
    expect(
      files.filter((file) => !/^package\/(?:package\.json|README\.md|LICENSE|dist\/|src\/)/.test(file)),
    ).toEqual([])
    expect(files.filter((file) => /tsbuildinfo|\.test\./.test(file))).toEqual([])
  })
})

test(
  'in an empty project the packed client installs, types, and exchanges a key at the real service',
  async () => {
    const project = join(folder, 'project')
    await mkdir(project)
    await writeFile(join(project, 'package.json'), '{ "name": "p", "private": true, "type": "module" }\n')
    const packages = ['protocol', 'client'].map((name) => tarballs.get(name) ?? '')
    const quiet = ['--offline', '--no-audit', '--no-fund', '--ignore-scripts']
    await run('npm', ['install', ...quiet, ...packages], { cwd: project, timeout: TIMEOUT_MS })
    await writeFile(join(project, 'main.ts'), PROGRAM)
    for (const resolution of ['nodenext', 'bundler']) {
      const module = resolution === 'bundler' ? 'esnext' : 'nodenext'
      const options = ['--strict', '--target', 'es2022', '--lib', 'es2023,dom', '--types', '']
      const args = [...options, '--module', module, '--moduleResolution', resolution, 'main.ts']
      await run(join(ROOT, 'node_modules/.bin/tsc'), args, { cwd: project, timeout: TIMEOUT_MS })
    }
    const env = {
      STREAM_URL: stream.url,
      STREAM_TOKEN: stream.issue(),
      PATH: process.env.PATH,
      KEY_ID: service.keyId,
      KEY_SECRET: service.keySecret,
      API_URL: service.url,
    }
    const { stdout } = await run(process.execPath, ['main.js'], { cwd: project, env, timeout: TIMEOUT_MS })
    expect(JSON.parse(stdout)).toEqual({
      scopes: ['interhumanai.upload'],
      same: true,
      strict: [200, 'application/json'],
      code: 4000,
      tested: 900,
    })
    expect(stream.handshakes.map(({ authorization }) => authorization)).toEqual([
      `Bearer ${env.STREAM_TOKEN}`,
    ])
  },
  2 * TIMEOUT_MS,
)

const PROGRAM = `
import { type AccessToken, fromApiKey, reuse } from '@interhuman-auth/client'
import { respondWithClientToken } from '@interhuman-auth/client/backend'
import { requestToken } from '@interhuman-auth/client/strict'
import { createTestApi } from '@interhuman-auth/client/testing'
import { openWebSocket } from '@interhuman-auth/client/websocket'
import { STREAM_SCOPE, UPLOAD_SCOPE } from '@interhuman-auth/protocol'

declare const process: { env: Record<string, string> }
declare const console: { log(text: string): void }

const { KEY_ID, KEY_SECRET, API_URL, STREAM_URL, STREAM_TOKEN } = process.env
const scopes = [UPLOAD_SCOPE]
const key = { keyId: KEY_ID!, keySecret: KEY_SECRET!, apiUrl: API_URL!, scopes }
const source = reuse(fromApiKey(key))
const token: AccessToken = await source.getToken()
const same = token === (await source.getToken()) && typeof respondWithClientToken === 'function'
const answer = await requestToken(key)
const strict = [answer.status, answer.headers.get('Content-Type')]

const grant = { access_token: STREAM_TOKEN, token_type: 'Bearer', expires_in: 900, scope: STREAM_SCOPE }
const streaming = fromApiKey({ ...key, fetch: async () => new Response(JSON.stringify(grant)) })
const { code } = await (await openWebSocket(streaming, STREAM_URL!)).closed

const api = createTestApi()
const tested = await fromApiKey({ ...api.addKey(), scopes, fetch: api.fetch }).getToken()
console.log(JSON.stringify({ scopes: token.scopes, same, strict, code, tested: tested.expiresInSeconds }))
`
