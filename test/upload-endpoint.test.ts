import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { cleanEnvironment, type RunningService, startService, waitUntil } from './support/start-service.ts'

const PROGRAM = fileURLToPath(new URL('../examples/upload-endpoint.ts', import.meta.url))
const UPLOAD_PATH = '/v0/upload/analyze'
const MEGABYTE = 1024 * 1024
/** After this the example is ended, whatever became of its test. */
const LONGEST_LIFE_MS = 180_000

interface Endpoint {
  readonly url: string
  readonly logs: () => string
  readonly stop: () => Promise<number | null>
}

/** The example as it stands, as a process of its own, in front of a service's key set. */
async function startEndpoint(keySetUrl: string): Promise<Endpoint> {
  const env = cleanEnvironment({ KEY_SET_URL: keySetUrl, PORT: '0' })
  const child: ChildProcess = spawn(process.execPath, [PROGRAM], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LONGEST_LIFE_MS,
  })
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve))
  await waitUntil(
    () => stdout.endsWith('\n') || child.exitCode !== null,
    () => 'the example did not listen',
  )
  const url = /http:\S+/.exec(stdout)?.[0]
  if (url === undefined) throw new Error(`the example did not start: ${stderr}`)
  const stop = () => {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
    return closed.finally(() => clearTimeout(timer))
  }
  return { url, logs: () => stdout + stderr, stop }
}

async function getToken(service: RunningService, ...scopes: string[]): Promise<string> {
  const response = await fetch(`${service.url}/v0/auth`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ key_id: service.keyId, key_secret: service.keySecret, scopes }),
  })
  const { access_token: token } = (await response.json()) as { access_token: string }
  return token
}

describe('the upload endpoint of examples/, in front of the real service', () => {
  let service: RunningService
  let endpoint: Endpoint
  const used: string[] = []

  beforeAll(async () => {
    service = await startService()
    endpoint = await startEndpoint(`${service.url}/.well-known/jwks.json`)
  })
  afterAll(async () => {
    const codes = await Promise.all([endpoint.stop(), service.stop()])
    expect(codes).toEqual([0, 0])
    for (const token of used)
      for (const part of token.split('.')) expect(endpoint.logs() + service.logs()).not.toContain(part)
  })

  function upload(token?: string, body: Uint8Array<ArrayBuffer> = new Uint8Array(10)) {
    if (token !== undefined) used.push(token)
    const headers: HeadersInit = token === undefined ? {} : { Authorization: `Bearer ${token}` }
    return fetch(endpoint.url + UPLOAD_PATH, { method: 'POST', headers, body })
  }

  async function expectDenied(response: Response, status: number, challenge: string, errorId: string) {
    expect(response.status).toBe(status)
    expect(response.headers.get('www-authenticate')).toBe(challenge)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const body = await response.json()
    expect(Object.keys(body)).toEqual([
      'detail',
      'status_code',
      'extra',
      'error_id',
      'correlation_id',
      'link',
      'message',
    ])
    expect(body).toMatchObject({ status_code: status, error_id: errorId })
    await waitUntil(
      () => endpoint.logs().includes(body.correlation_id),
      () => 'the denial was not logged',
    )
  }

  it('opens with the upload scope, alone or beside another', async () => {
    for (const scopes of [['interhumanai.upload'], ['interhumanai.stream', 'interhumanai.upload']]) {
      const response = await upload(await getToken(service, ...scopes))
      expect(response.status).toBe(200)
      expect(await response.json()).toEqual({ received_bytes: 10, key_id: service.keyId })
    }
  })

  it('takes an upload of 32 MB', async () => {
    const response = await upload(
      await getToken(service, 'interhumanai.upload'),
      new Uint8Array(32 * MEGABYTE),
    )
    expect(await response.json()).toHaveProperty('received_bytes', 32 * MEGABYTE)
  })

  it('says which scope is needed to a token that has only the other', async () => {
    const response = await upload(await getToken(service, 'interhumanai.stream'))
    const challenge = 'Bearer error="insufficient_scope", scope="interhumanai.upload"'
    await expectDenied(response, 403, challenge, 'ih2003')
  })

  it('answers no token with the bare challenge, also to 32 MB', async () => {
    await expectDenied(await upload(), 401, 'Bearer', 'ih2002')
    await expectDenied(await upload(undefined, new Uint8Array(32 * MEGABYTE)), 401, 'Bearer', 'ih2002')
  })

  it('refuses a token that somebody else signed, and one that was changed', async () => {
    const token = await getToken(service, 'interhumanai.stream')
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const widened = { ...decodeJwt(token), scope: 'interhumanai.upload' }
    const header = { ...decodeProtectedHeader(token), alg: 'ES256' }
    const forged = await new SignJWT(widened).setProtectedHeader(header).sign(privateKey)
    const [head, , signature] = token.split('.')
    const changed = [head, Buffer.from(JSON.stringify(widened)).toString('base64url'), signature].join('.')
    for (const bad of [forged, changed])
      await expectDenied(await upload(bad), 401, 'Bearer error="invalid_token"', 'ih2001')
  })

  it('refuses a key secret in place of a token', async () => {
    const response = await upload(service.keySecret)
    await expectDenied(response, 401, 'Bearer error="invalid_token"', 'ih2001')
    expect(endpoint.logs()).not.toContain(service.keySecret)
  })

  it('takes no client token: it counts nothing, and this one allows a byte', async () => {
    const { keyId, keySecret } = service
    const wanted = { scopes: ['interhumanai.upload'], max_bytes: 1 }
    const issued = await fetch(`${service.url}/v1/client_tokens`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ key_id: keyId, key_secret: keySecret, ...wanted }),
    })
    const { access_token: token } = (await issued.json()) as { access_token: string }
    await expectDenied(await upload(token), 401, 'Bearer error="invalid_token"', 'ih2011')
  })

  it('does not read a token from the query', async () => {
    const token = await getToken(service, 'interhumanai.upload')
    used.push(token)
    const response = await fetch(`${endpoint.url}${UPLOAD_PATH}?access_token=${token}`, { method: 'POST' })
    await expectDenied(response, 401, 'Bearer', 'ih2002')
  })

  it('lives on when a client hangs up in the middle of an upload', async () => {
    const token = await getToken(service, 'interhumanai.upload')
    const abort = new AbortController()
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new Uint8Array(MEGABYTE)),
    })
    const sent = fetch(endpoint.url + UPLOAD_PATH, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}` },
      body,
      duplex: 'half',
      signal: abort.signal,
    } as RequestInit)
    setTimeout(() => abort.abort(), 50)
    await expect(sent).rejects.toThrow()
    expect((await upload(token)).status).toBe(200)
  })
})

describe('the same endpoint in front of a service', () => {
  const upload = (endpoint: Endpoint, token: string) =>
    fetch(endpoint.url + UPLOAD_PATH, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}` },
      body: 'x',
    })

  it('that signs with EdDSA opens as well', async () => {
    const service = await startService({ env: { INTERHUMAN_AUTH_ALGORITHM: 'EdDSA' } })
    onTestFinished(async () => void (await service.stop()))
    const endpoint = await startEndpoint(`${service.url}/.well-known/jwks.json`)
    onTestFinished(async () => void (await endpoint.stop()))
    const response = await upload(endpoint, await getToken(service, 'interhumanai.upload'))
    expect(response.status).toBe(200)
  })

  it('that is away answers 503 and a time to come again, and never lets anybody in', async () => {
    const service = await startService()
    onTestFinished(async () => void (await service.stop()))
    const token = await getToken(service, 'interhumanai.upload')
    await service.stop()
    const endpoint = await startEndpoint(`${service.url}/.well-known/jwks.json`)
    onTestFinished(async () => void (await endpoint.stop()))
    const response = await upload(endpoint, token)
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/)
    expect(await response.json()).toHaveProperty('error_id', 'ih1003')
    await endpoint.stop()
    expect(endpoint.logs()).toContain('ECONNREFUSED')
  })
})
