import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { answer, startRawServer } from './support/raw-server.ts'
import { BIN, keyEnvironment, runCommand, temporaryFolder } from './support/run-command.ts'

// Promises of two programs at once, each started as a person or an agent starts it.

const SCRIPT = fileURLToPath(
  new URL('../../skills/interhuman-authentication/scripts/interhuman-auth.mjs', import.meta.url),
)
const SCOPE = 'interhumanai.upload'
const GRANT = `{"access_token":"LEAKtoken","token_type":"Bearer","expires_in":900,"scope":"${SCOPE}"}`

describe('a key that login stored', () => {
  test.each([
    ['in the default place', {}, '.config/interhuman/credentials.env', 'default file'],
    [
      'where INTERHUMAN_CONFIG says',
      { INTERHUMAN_CONFIG: 'own.env' },
      'own.env',
      'file named by INTERHUMAN_CONFIG',
    ],
  ])('%s is read by the skill’s script', async (_, config, path, role) => {
    const server = await startRawServer(answer(200, GRANT))
    onTestFinished(server.stop)
    const HOME = temporaryFolder()
    const named = Object.entries(config).map(([name, file]) => [name, join(HOME, file)])
    const env = { HOME, ...Object.fromEntries(named) }
    const secret = 'LEAK"\\ü $HOME #secret'
    const stdin = `ihk_LEAKid\n${secret}\n`
    const stored = await runCommand(['login', '--api-url', server.url], { env, stdin })
    expect([stored.code, stored.stdout.toString()]).toEqual([
      0,
      `the key works at ${server.url}, for ${SCOPE}\nstored in ${join(HOME, path)}\n`,
    ])
    const file = join(HOME, 'script.mjs')
    copyFileSync(SCRIPT, file)
    const checked = await runCommand(['--check'], { file, env })
    expect([checked.code, checked.stdout.toString()]).toEqual([
      0,
      expect.stringContaining(`\nused: ${role}\naddress: ${server.url}\n`),
    ])
    const got = await runCommand(['--scope', SCOPE], { file, env })
    expect([got.code, got.stdout.toString(), got.stderr]).toEqual([0, GRANT, ''])
    const [proof, exchange] = server.requests.map(({ body }) => JSON.parse(body))
    expect(exchange).toEqual({ key_id: 'ihk_LEAKid', key_secret: secret, scopes: [SCOPE] })
    expect(proof.key_secret).toBe(secret)
  })
})

test('header, exec and proxy that start at once share one exchange', async () => {
  const server = await startRawServer((socket, request) => {
    const isExchange = request.head.startsWith('POST /v0/auth ')
    // Long enough for the others to come while it is on its way.
    setTimeout(() => answer(200, isExchange ? GRANT : request.head)(socket, request), isExchange ? 1000 : 0)
  })
  onTestFinished(server.stop)
  const HOME = temporaryFolder()
  const env = { HOME, PATH: '/usr/bin:/bin', ...keyEnvironment(server.url) }
  const [header, exec, upload] = await Promise.all([
    runCommand(['header', '--scope', SCOPE, '--as', 'token'], { env }),
    runCommand(['exec', '--scope', SCOPE, '--', 'printenv', 'INTERHUMAN_ACCESS_TOKEN'], { env }),
    uploadThroughProxy(env),
  ])
  expect([header.code, header.stdout.toString(), header.stderr]).toEqual([0, 'LEAKtoken\n', ''])
  expect([exec.code, exec.stdout.toString(), exec.stderr]).toEqual([0, 'LEAKtoken\n', ''])
  expect(upload).toMatch(/^authorization: Bearer LEAKtoken\r$/im)
  const paths = server.requests.map(({ head }) => head.split(' ')[1])
  expect(paths.sort()).toEqual(['/v0/auth', '/v0/upload/analyze'])
})

/** Starts a proxy, uploads through it, ends it, and gives what came to the API. */
async function uploadThroughProxy(env: Record<string, string>): Promise<string> {
  const proxy = spawn(process.execPath, [BIN, 'proxy', '--scope', SCOPE], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 30_000,
  })
  onTestFinished(() => void proxy.kill('SIGKILL'))
  const [baseUrl] = await once(createInterface(proxy.stdout), 'line')
  const response = await fetch(`${baseUrl}/v0/upload/analyze`, { method: 'POST', body: 'x' })
  const text = await response.text()
  proxy.kill('SIGTERM')
  await once(proxy, 'exit')
  return text
}
