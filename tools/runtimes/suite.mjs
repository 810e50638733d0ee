import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { Worker } from 'node:worker_threads'
import { AccessToken, RefusalError, requestToken } from '@interhuman-auth/client'
import { createVerifier, keySet } from '@interhuman-auth/guard'
import { ERRORS, formatErrorBody, KEY_SET_PATH, readBearer, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { WebSocket } from 'ws'
import { carry } from './carry.mjs'
import { exchange, KEY } from './exchange.mjs'
import { runPortable } from './portable.mjs'
import { carryCases, clientCases, named, report, runCases } from './promises.mjs'
import { startProtected } from './protected.mjs'
import { ODD_BODY, startUpstream } from './upstream.mjs'

// The built files of protocol, client, cli and guard, and the skill's script, on the Node that runs this: real sockets,
// real processes, no framework. Takes the credentials file and the issuer of a running service as arguments.

const [, , serviceCredentials = '', issuer = ''] = process.argv
const root = new URL('../../', import.meta.url)
const command = fileURLToPath(new URL('cli/bin/interhuman-auth.js', root))
const skill = fileURLToPath(new URL('skills/interhuman-authentication/scripts/interhuman-auth.mjs', root))
const folder = await mkdtemp(path.join(tmpdir(), 'runtimes-'))
const guarded = await startProtected()
const upstream = await startUpstream()

await runCases({
  'protocol: an error body is written and a bearer is read': async () => {
    const context = { correlationId: 'c', errorPage: 'https://example.org/errors' }
    const body = formatErrorBody(ERRORS.keySecretAbsent, 'v0', context)
    assert.equal(body.link, 'https://example.org/errors#ih2005-missing-key-secret')
    assert.deepEqual(readBearer('Bearer abc'), { kind: 'token', token: 'abc' })
  },
  ...named('client', clientCases({ upstream, exchange })),
  'client: a token and an error show nothing to inspect, whatever that is told': async () => {
    const token = new AccessToken({
      value: 'LEAK',
      raw: 'LEAK',
      scopes: [],
      expiresInSeconds: 1,
      expiresAt: 1,
    })
    const ids = { errorId: undefined, correlationId: undefined, retryAfterSeconds: undefined }
    const error = new RefusalError({ status: 401, rawBody: 'LEAK', ...ids })
    const shown = inspect([token, error], { showHidden: true, getters: true, depth: 9 })
    assert.ok(!shown.includes('LEAK') && shown.includes('expiresAt') && shown.includes('401'), shown)
  },
  // Node 20 has no WebSocket of its own.
  ...('WebSocket' in globalThis && named('client', carryCases({ guarded, carry }))),
  ...named('client with ws', carryCases({ guarded, carry: (url) => carry(url, WebSocket) })),
  ...named('client in a worker thread', clientCases({ upstream, exchange: exchangeInWorker })),
  'guard: a token of the service is verified, and one that was changed is refused': verifiesToken,
  'command: it writes the body on standard output byte for byte': () => passesOn(command, ['token']),
  'command: it exchanges a key at the service': () => worksAtService(command, ['token']),
  "skill's script: it writes the body on standard output byte for byte": () => passesOn(skill, []),
  "skill's script: it exchanges a key at the service": () => worksAtService(skill, []),
})
report('client', await runPortable())
await Promise.all([upstream.close(), guarded.close()])
await rm(folder, { recursive: true })

/**
 * @param {string} apiUrl
 * @returns {Promise<unknown>}
 */
async function exchangeInWorker(apiUrl) {
  const worker = new Worker(new URL('worker.mjs', import.meta.url), { workerData: apiUrl })
  try {
    return await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
  } finally {
    await worker.terminate()
  }
}

async function verifiesToken() {
  const text = await readFile(serviceCredentials, 'utf8')
  const [keyId = '', keySecret = '', apiUrl = ''] = ['KEY_ID', 'KEY_SECRET', 'API_URL'].map(
    (name) => new RegExp(`^INTERHUMAN_${name}=(.*)$`, 'm').exec(text)?.[1],
  )
  const response = await requestToken({ keyId, keySecret, apiUrl, scopes: [UPLOAD_SCOPE] })
  const { access_token: token } = await response.json()
  const verify = createVerifier({ issuer, keys: keySet(apiUrl + KEY_SET_PATH) })
  const verified = await verify(token)
  assert.ok('claims' in verified)
  assert.equal(verified.claims.sub, keyId)
  const [head, payload, signature] = token.split('.')
  assert.ok('refusal' in (await verify(`${head}.${payload}.${signature.split('').reverse().join('')}`)))
}

/**
 * @param {string} script
 * @param {string[]} args
 */
async function passesOn(script, args) {
  const file = path.join(folder, 'credentials.env')
  const { keyId, keySecret } = KEY
  const address = `${upstream.url}/plain`
  const text = `INTERHUMAN_KEY_ID=${keyId}\nINTERHUMAN_KEY_SECRET=${keySecret}\nINTERHUMAN_API_URL=${address}\n`
  await writeFile(file, text, { mode: 0o600 })
  const { code, stdout, stderr } = await runScript(script, args, file)
  assert.equal(code, 0, stderr)
  assert.deepEqual(stdout, ODD_BODY)
}

/**
 * @param {string} script
 * @param {string[]} args
 */
async function worksAtService(script, args) {
  const { code, stdout, stderr } = await runScript(script, args, serviceCredentials)
  assert.equal(code, 0, stderr)
  const body = JSON.parse(stdout.toString())
  assert.deepEqual(Object.keys(body), ['access_token', 'token_type', 'expires_in', 'scope'])
  assert.equal(body.scope, UPLOAD_SCOPE)
}

/**
 * @param {string} script
 * @param {string[]} args
 * @param {string} credentials
 * @returns {Promise<{ code: unknown, stdout: Buffer, stderr: string }>}
 */
function runScript(script, args, credentials) {
  const env = { PATH: process.env.PATH, INTERHUMAN_CONFIG: credentials }
  const command = [script, ...args, '--scope', UPLOAD_SCOPE]
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      command,
      { env, encoding: 'buffer', timeout: 20_000 },
      (error, stdout, stderr) =>
        resolve({
          code: error === null ? 0 : (error.code ?? error.signal),
          stdout,
          stderr: stderr.toString(),
        }),
    )
  })
}
