import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createGuard, keySet, protectHandler } from '@interhuman-auth/guard'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { cleanEnvironment, type RunningService, runProcess, startService } from './support/start-service.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const recipe = readFileSync(join(root, 'docs/recipes/after-authentication.md'), 'utf8')
const issuer = 'http://127.0.0.1:4747'

let service: RunningService
let endpoints: Server
let project: string
/** What reached a handler behind the guard. */
const received: { path: string | undefined; scope: string; body: string }[] = []

beforeAll(async () => {
  service = await startService()
  endpoints = guardedEndpoints()
  await new Promise<void>((resolve) => endpoints.listen(0, '127.0.0.1', resolve))
  project = mkdtempSync(join(tmpdir(), 'interhuman-recipe-'))
  cpSync(join(root, 'skills'), join(project, '.agents/skills'), { recursive: true })
  writeFileSync(join(project, 'meeting.mp4'), 'a recording')
})
afterAll(async () => {
  endpoints.closeAllConnections()
  await new Promise((resolve) => endpoints.close(resolve))
  await service.stop()
  rmSync(project, { recursive: true })
})

function guardedEndpoints(): Server {
  const protect = createGuard({ issuer, keys: keySet(`${service.url}/.well-known/jwks.json`) })
  const upload = protectHandler({
    protect,
    scope: 'interhumanai.upload',
    async handler(request, response, { scope }) {
      let body = ''
      for await (const chunk of request.setEncoding('utf8')) body += chunk
      received.push({ path: request.url, scope, body })
      response.end('{"analysed":true}')
    },
  })
  const sockets = new WebSocketServer({ noServer: true })
  return createServer(upload).on('upgrade', async (request, socket, head) => {
    const headers = new Headers(request.headers as Record<string, string>)
    const decision = await protect({ method: 'GET', url: request.url ?? '', headers }, 'interhumanai.stream')
    if (!decision.granted) socket.destroy()
    else
      sockets.handleUpgrade(request, socket, head, (webSocket) => {
        const { scope } = decision.claims
        webSocket.on('message', (data) => received.push({ path: request.url, scope, body: String(data) }))
      })
  })
}

/** The one block of a language that holds a text, with the API's address and that of streams made this machine's. */
function block(language: string, holding: string): string {
  const blocks = [...recipe.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].filter((match) => match[1] === language)
  const found = blocks.map((match) => match[2] ?? '').filter((text) => text.includes(holding))
  expect(found).toHaveLength(1)
  const { port } = endpoints.address() as AddressInfo
  return (found[0] ?? '').replace(/(http|ws)s:\/\/api\.interhuman\.ai/, `$1://127.0.0.1:${port}`)
}

async function run(line: string) {
  const env = cleanEnvironment({ INTERHUMAN_CONFIG: service.credentialsFile, TMPDIR: project })
  const ended = await runProcess('/bin/sh', ['-c', `cd '${project}'\n${line}`], env)
  expect(ended.code, ended.stderr).toBe(0)
  expect(ended.stdout + ended.stderr).not.toMatch(/eyJ/)
  return ended
}

test('upload: the recipe’s lines send a recording with the token, show it nowhere, and leave no file', async (context) => {
  const curl = await runProcess('curl', ['--version']).catch(() => ({ code: 1 }))
  context.skip(curl.code !== 0, 'no curl on this machine')
  const before = readdirSync(project)
  const { stdout } = await run(block('sh', '--scope interhumanai.upload'))
  expect(stdout).toBe('{"analysed":true}')
  const [upload] = received.splice(0)
  expect(upload).toMatchObject({ path: '/v0/upload/analyze', scope: 'interhumanai.upload' })
  expect(upload?.body).toMatch(/name="file"; filename="meeting\.mp4"[\s\S]*a recording/)
  expect(readdirSync(project)).toEqual(before)
})

test('stream: the recipe’s program opens the stream with the token and sends what comes', async () => {
  await run(block('sh', '--scope interhumanai.stream'))
  expect(existsSync(join(project, 'token.json'))).toBe(true)
  writeFileSync(join(project, 'stream.mjs'), block('js', 'new WebSocket'))
  const { stderr } = await run(`printf 'a segment' | '${process.execPath}' stream.mjs`)
  expect(stderr).toBe('closed with 1000\n')
  expect(received.splice(0)).toEqual([
    { path: '/v0/stream/analyze', scope: 'interhumanai.stream', body: 'a segment' },
  ])
})
