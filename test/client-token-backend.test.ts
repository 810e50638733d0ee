import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { fromBackend, RefusalError, reuse } from '@interhuman-auth/client'
import { createVerifier, keySet } from '@interhuman-auth/guard'
import { KEY_SET_PATH } from '@interhuman-auth/protocol'
import { chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findChromium } from '../tools/runtimes/chromium.mjs'
import { cleanEnvironment, type RunningService, startService, waitUntil } from './support/start-service.ts'

// The example backend as it stands, the real service behind it, the guard's verdict on what it gives, and a real browser.

const PROGRAM = fileURLToPath(new URL('../examples/client-token-backend.ts', import.meta.url))
const ISSUER = 'http://127.0.0.1:4747'
const LONGEST_LIFE_MS = 120_000

let service: RunningService
let backend: { child: ChildProcess; url: string; output: () => string }

beforeAll(async () => {
  service = await startService()
  const env = cleanEnvironment({
    INTERHUMAN_KEY_ID: service.keyId,
    INTERHUMAN_KEY_SECRET: service.keySecret,
    INTERHUMAN_API_URL: service.url,
    PORT: '0',
  })
  const child = spawn(process.execPath, [PROGRAM], { env, timeout: LONGEST_LIFE_MS })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  await waitUntil(
    () => /http:\S+/.test(output) || child.exitCode !== null,
    () => `the backend did not listen: ${output}`,
  )
  backend = { child, url: /http:\S+/.exec(output)?.[0] ?? '', output: () => output }
})
afterAll(async () => {
  backend.child.kill()
  expect(await service.stop()).toBe(0)
  for (const text of [backend.output(), service.logs()]) expect(text).not.toContain(service.keySecret)
})

const source = (headers: Record<string, string>) =>
  reuse(
    fromBackend(`${backend.url}/client-token`, {
      fetch: (url, init) =>
        fetch(url, { ...init, headers: { ...init.headers, Origin: backend.url, ...headers } }),
    }),
  )

test('a signed-in visitor gets a client token with the grant’s caps, for the origin that asked, and the guard takes it there', async () => {
  const token = await source({ Cookie: 'visitor=1' }).getToken()
  expect(token.expiresInSeconds).toBe(120)
  expect(JSON.parse(token.raw)).toMatchObject({
    scope: 'interhumanai.stream',
    max_video_seconds: 600,
    max_concurrent: 1,
    allowed_origins: [backend.url],
  })
  const verify = createVerifier({
    issuer: ISSUER,
    keys: keySet(service.url + KEY_SET_PATH),
    acceptClientTokens: true,
  })
  expect(await verify(token.value, backend.url)).toMatchObject({ caps: { maxVideoSeconds: 600 } })
  expect(await verify(token.value, 'https://other.example')).toMatchObject({
    refusal: { reason: 'origin_not_allowed' },
  })
})

test('who is not signed in, or asks from elsewhere, gets a refusal that readToken reads', async () => {
  const refusals = [source({}), source({ Cookie: 'visitor=1', Origin: 'https://other.example' })]
  const errors = await Promise.all(refusals.map((each) => each.getToken().catch((error: unknown) => error)))
  expect(errors).toMatchObject([
    { name: 'RefusalError', status: 401, errorId: 'ih2002' },
    { name: 'RefusalError', status: 403, errorId: 'ia9020' },
  ])
  expect(errors.every((error) => error instanceof RefusalError)).toBe(true)
})

const browser = await findChromium()
const inBrowser = 'reason' in browser ? describe.skip : describe

inBrowser(`in Chromium${'reason' in browser ? ` (skipped: ${browser.reason})` : ''}`, () => {
  test('the page of the backend gets a token by its cookie, and a page of another origin gets nothing by the same', async () => {
    if ('reason' in browser) return
    const { executablePath, env } = browser
    const args = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage']
    const chrome = await chromium.launch({ executablePath, env: { ...process.env, ...env }, args })
    try {
      const page = await chrome.newPage()
      const ask = () =>
        page.evaluate(async (url) => {
          const init = { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } }
          const response = await fetch(url, { ...init, credentials: 'include' }).catch(() => undefined)
          return response === undefined ? 'no answer' : Object.keys(await response.json())
        }, `${backend.url}/client-token`)
      await page.goto(backend.url)
      expect(await ask()).toContain('access_token')
      // Another port, and so another origin of the same site: even a strict cookie goes along.
      await page.goto(service.url + KEY_SET_PATH)
      expect(await ask()).toBe('no answer')
    } finally {
      await chrome.close()
    }
  })
})
