import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { build } from 'esbuild'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { POST } from '../../docs/recipes/nextjs/route.ts'
import { findChromium } from '../../tools/runtimes/chromium.mjs'
import { recipe } from '../support/run-recipe.ts'
import { type Analyzers, startAnalyzers } from '../support/start-analyzers.ts'
import { type RunningService, startService } from '../support/start-service.ts'

const WAIT_MS = 20_000
const CAMERA = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream']
const CONTAINED = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
]

let service: RunningService
let analyzers: Analyzers
let site: Server
let origin: string
let browser: Browser | undefined
let reason = ''

beforeAll(async () => {
  const found = await findChromium()
  if ('reason' in found) {
    reason = found.reason
    return
  }
  service = await startService()
  analyzers = await startAnalyzers(service.url)
  await startSite()
  vi.stubEnv('INTERHUMAN_KEY_ID', service.keyId)
  vi.stubEnv('INTERHUMAN_KEY_SECRET', service.keySecret)
  vi.stubEnv('INTERHUMAN_API_URL', service.url)
  vi.stubEnv('PUBLIC_ORIGIN', origin)
  vi.stubEnv('SESSION_KEY', 'session-LEAK')
  browser = await chromium.launch({
    executablePath: found.executablePath,
    env: { ...(process.env as Record<string, string>), ...found.env },
    args: [...CONTAINED, ...CAMERA],
    timeout: WAIT_MS,
  })
})
afterAll(async () => {
  await browser?.close()
  site?.close()
  site?.closeAllConnections()
  vi.unstubAllEnvs()
  await analyzers?.close()
  await service?.stop()
})
beforeEach(({ skip }) => skip(browser === undefined, reason))

/** An app's site: the recipe's page and script as they are, and the Next.js recipe as its backend. */
async function startSite(): Promise<void> {
  const bundle = await build({
    entryPoints: [recipe('browser/stream.js')],
    bundle: true,
    write: false,
    format: 'esm',
  })
  const streamUrl = `${analyzers.url.replace('http', 'ws')}/v0/stream/analyze`
  const page = readFileSync(recipe('browser/index.html'), 'utf8').replace(
    '<html',
    `<html data-stream-url="${streamUrl}"`,
  )
  site = createServer(async (request, response) => {
    if (request.url === '/api/interhuman-token') await respond(request, response)
    else if (request.url === '/stream.js')
      response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(bundle.outputFiles[0]?.contents)
    else response.writeHead(200, { 'Content-Type': 'text/html' }).end(page)
  }).listen(0, '127.0.0.1')
  await once(site, 'listening')
  origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`
}

async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Uint8Array[] = []
  for await (const chunk of request) chunks.push(chunk)
  const headers = request.headers as Record<string, string>
  const answer = await POST(
    new Request(origin + request.url, { method: 'POST', headers, body: Buffer.concat(chunks) }),
  )
  response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text())
}

/** Opens the page as a visitor, signed in or not, and keeps all that the page is sent but the token's answer. */
async function open(signedIn: boolean): Promise<{ page: Page; sent: string[] }> {
  const context = await (browser as Browser).newContext()
  const tag = createHmac('sha256', 'session-LEAK').update('ann').digest('hex')
  if (signedIn)
    await context.addCookies([{ name: 'session', value: `ann.${tag}`, url: origin, httpOnly: true }])
  const page = await context.newPage()
  const sent: string[] = []
  page.on('websocket', (socket) => sent.push(socket.url()))
  page.on('response', async (response) => sent.push(response.url(), await response.text().catch(() => '')))
  page.on('console', (message) => sent.push(message.text()))
  await page.goto(origin)
  await page.click('#start')
  return { page, sent }
}

const state = (page: Page, text: string) =>
  page.waitForFunction((word) => document.querySelector('output')?.value.startsWith(word), text, {
    timeout: WAIT_MS,
  })

test("browser/stream.js streams a visitor's camera with a client token, hears answers, and stops", async () => {
  const { page, sent } = await open(true)
  await state(page, 'streaming')
  await page.waitForSelector('#answers li', { state: 'attached', timeout: WAIT_MS })
  await page.click('#stop')
  await state(page, 'closed with 1000')
  expect(sent.join('\n')).not.toContain(service.keySecret)
  expect(sent.filter((text) => text.startsWith('ws:')).join()).not.toContain('eyJ')
  await page.context().close()
})

test('browser/stream.js says why there is no stream, and with which correlation id', async () => {
  const { page, sent } = await open(false)
  await state(page, 'failed: ')
  expect(await page.inputValue('output').catch(() => page.textContent('output'))).toMatch(
    /^failed: unauthorized [\w-]{36}$/,
  )
  expect(sent.filter((text) => text.startsWith('ws:'))).toEqual([])
  await page.context().close()
})
