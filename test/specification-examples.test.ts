import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createVerifier, keySet } from '@interhuman-auth/guard'
import { afterAll, beforeAll, expect, it, type TestContext } from 'vitest'
import { cleanEnvironment, type RunningService, runProcess, startService } from './support/start-service.ts'

const FOLDER = fileURLToPath(new URL('../examples/specification/', import.meta.url))

let service: RunningService
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'interhuman-specification-'))
  service = await startService()
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await service.stop()
})

/** Runs an example of the specification with the host and the key put in and nothing else changed. */
async function run(program: string, name: string, keySecret = service.keySecret): Promise<string> {
  let text = readFileSync(FOLDER + name, 'utf8')
  for (const [word, value] of [
    ['https://api.interhuman.ai', service.url],
    ['your_key_id', service.keyId],
    ['your_key_secret', keySecret],
  ] as const) {
    expect(text.split(word)).toHaveLength(2)
    text = text.replace(word, value)
  }
  const file = join(folder, name)
  writeFileSync(file, text, { mode: 0o600 })
  const { code, stdout, stderr } = await runProcess(program, [file], cleanEnvironment())
  expect({ code, stderr: program === 'sh' ? '' : stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
}

async function expectRealToken(output: string): Promise<void> {
  const token = /[\w-]{20,}\.[\w-]+\.[\w-]+/.exec(output)?.[0] ?? ''
  const keys = keySet(`${service.url}/.well-known/jwks.json`)
  const verify = createVerifier({ issuer: 'http://127.0.0.1:4747', keys })
  expect(await verify(token)).toMatchObject({
    claims: { client_id: service.keyId, scope: 'interhumanai.upload' },
  })
}

async function needs(context: TestContext, program: string, args: string[], reason: string): Promise<void> {
  const found = await runProcess(program, args).catch(() => ({ code: 1 }))
  context.skip(found.code !== 0, reason)
}

it('the curl example prints the token response', async (context) => {
  await needs(context, 'curl', ['--version'], 'no curl on this machine')
  const output = await run('sh', 'exchange.sh')
  const body = JSON.parse(output) as Record<string, unknown>
  expect(Object.keys(body)).toEqual(['access_token', 'token_type', 'expires_in', 'scope'])
  expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 900, scope: 'interhumanai.upload' })
  await expectRealToken(output)
})

it('the Python example prints the token response', async (context) => {
  await needs(context, 'python3', ['-c', 'import requests'], 'python3 with requests is not on this machine')
  const output = await run('python3', 'exchange.py')
  expect(output).toContain("'token_type': 'Bearer', 'expires_in': 900, 'scope': 'interhumanai.upload'}")
  await expectRealToken(output)
})

it('the JavaScript example prints the token response', async () => {
  const output = await run(process.execPath, 'exchange.mjs')
  expect(output).toMatch(/token_type: 'Bearer',\s+expires_in: 900,\s+scope: 'interhumanai\.upload'/)
  await expectRealToken(output)
})

it('with a wrong secret it prints the error as the specification has it', async () => {
  const output = await run(process.execPath, 'exchange.mjs', 'ih_live_wrong')
  expect(output).toMatch(/detail: 'Unauthorized[^']*',\s+status_code: 401,\s+extra: \{\}/)
})
