import { randomBytes, randomUUID } from 'node:crypto'
import { REVOCATION_ACK_PATH, REVOCATIONS_PATH } from '@interhuman-auth/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RunningService, runService, startService } from './support/start-service.ts'

interface FeedEvent {
  readonly id: string | undefined
  readonly event: string
  readonly data: Record<string, unknown>
}

let service: RunningService
let verifier: { id: string; secret: string }
const open: AbortController[] = []

beforeAll(async () => {
  service = await startService()
  verifier = await createVerifier()
})
afterAll(async () => {
  for (const controller of open) controller.abort()
  await service.stop()
})

const run = (...args: string[]) => runService([...args, '--data-dir', service.dataDir])

async function createVerifier() {
  const { stdout, stderr } = await run('verifiers', 'create', '--name', 'of a test', '--json')
  const made = JSON.parse(stdout || stderr) as { verifier_id: string; verifier_secret: string }
  return { id: made.verifier_id, secret: made.verifier_secret }
}

async function connect(headers: Record<string, string> = {}, secret = verifier.secret) {
  const controller = new AbortController()
  open.push(controller)
  const response = await fetch(service.url + REVOCATIONS_PATH, {
    headers: { Authorization: `Bearer ${secret}`, ...headers },
    signal: AbortSignal.any([controller.signal, AbortSignal.timeout(20_000)]),
  })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  async function next(): Promise<FeedEvent | undefined> {
    while (!text.includes('\n\n')) {
      const { value, done } = (await reader?.read()) ?? { value: undefined, done: true }
      if (done) return undefined
      text += value
    }
    const end = text.indexOf('\n\n')
    const fields = new Map(
      text
        .slice(0, end)
        .split('\n')
        .map((line) => line.split(/: (.*)/s, 2) as [string, string]),
    )
    text = text.slice(end + 2)
    return {
      id: fields.get('id'),
      event: fields.get('event') ?? '',
      data: JSON.parse(fields.get('data') ?? '{}'),
    }
  }
  async function until(name: string): Promise<FeedEvent[]> {
    const seen: FeedEvent[] = []
    for (;;) {
      const event = await next()
      if (event === undefined) throw new Error('the feed ended')
      if (event.event !== 'heartbeat' || name === 'heartbeat') seen.push(event)
      if (event.event === name) return seen
    }
  }
  return { response, next, until }
}

async function revokeKey(): Promise<string> {
  const { keyId } = await service.createKey({ scopes: ['interhumanai.upload'] })
  expect((await service.keys('revoke', keyId)).code).toBe(0)
  return keyId
}

test('what is in force comes first, then that it is whole, then each change as another process makes it', async () => {
  const heard = await connect()
  await heard.until('ready')
  const before = await revokeKey()
  await heard.until('key')
  const feed = await connect()
  expect(feed.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  expect(feed.response.headers.get('cache-control')).toBe('no-store')
  const first = await feed.until('ready')
  expect(first.map(({ data }) => data)).toContainEqual({ key_id: before, generation: 2 })
  const heartbeat = (await feed.until('heartbeat')).at(-1)
  expect(heartbeat?.id).toBeUndefined()
  expect(Math.abs(Number(heartbeat?.data.seen_at) - Date.now())).toBeLessThan(60_000)
  const after = await revokeKey()
  const told = await feed.until('key')
  expect(told.at(-1)?.data).toEqual({ key_id: after, generation: 2 })
})

test('a connection that names its last event goes on behind it, and one of another store hears everything', async () => {
  // The service hears of a command's change a moment later: what the open feed has told is known to it.
  const heard = await connect()
  await heard.until('ready')
  const first = await revokeKey()
  const id = (await heard.until('key')).at(-1)?.id ?? ''
  const second = await revokeKey()
  await heard.until('key')
  const keysOf = async (lastEventId: string) =>
    (await (await connect({ 'Last-Event-ID': lastEventId })).until('ready')).map(({ data }) => data.key_id)
  const behind = await keysOf(id)
  expect(behind).toContain(second)
  expect(behind).not.toContain(first)
  for (const other of [`${randomBytes(16).toString('hex')}.1`, 'LEAK', `${id.split('.')[0]}.999999`])
    expect(await keysOf(other)).toEqual(expect.arrayContaining([first, second]))
})

test('without a verifier there is no feed and no acknowledgement', async () => {
  for (const secret of ['', 'LEAK', service.keySecret, `${verifier.secret}x`]) {
    const { response } = await connect({}, secret)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/)
    const ack = await acknowledge({ lease: randomUUID(), id: 'a.1' }, secret)
    expect(ack.status).toBe(401)
  }
})

function acknowledge(body: unknown, secret = verifier.secret) {
  return fetch(service.url + REVOCATION_ACK_PATH, {
    method: 'POST',
    headers: { Authorization: `Bearer ${secret}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
}

test('an acknowledgement is noted, of a lease that is nobody’s nothing is, and what is none is told what is wrong', async () => {
  const feed = await connect()
  const ready = (await feed.until('ready')).at(-1)
  const good = await acknowledge({ lease: ready?.data.lease, id: ready?.id })
  expect([good.status, await good.text()]).toEqual([200, '{}'])
  expect((await acknowledge({ lease: randomUUID(), id: ready?.id })).status).toBe(200)
  for (const bad of [{}, { lease: 1, id: ready?.id }, { lease: 'a', id: 'b' }, []])
    expect([400, 422]).toContain((await acknowledge(bad)).status)
})

test('the feed of a verifier that is revoked ends, and it gets no other', async () => {
  const other = await createVerifier()
  const feed = await connect({}, other.secret)
  await feed.until('ready')
  expect((await run('verifiers', 'revoke', other.id)).code).toBe(0)
  let event = await feed.next()
  while (event !== undefined) event = await feed.next()
  expect((await connect({}, other.secret)).response.status).toBe(401)
})

test('revoke --wait comes back when whoever is connected has acknowledged, and names who has not', async () => {
  const feed = await connect()
  const ready = (await feed.until('ready')).at(-1)
  const { keyId } = await service.createKey({ scopes: ['interhumanai.upload'] })
  const waiting = service.keys('revoke', keyId, '--wait')
  const told = (await feed.until('key')).at(-1)
  await acknowledge({ lease: ready?.data.lease, id: told?.id })
  for (const controller of open.splice(0, open.length - 1)) controller.abort()
  const done = await waiting
  expect(done.stderr).toMatch(/in force at \d+ nodes? and \d+ verifiers? after [\d.]+ s/)
  expect(done.code).toBe(0)
  const silent = await service.createKey({ scopes: ['interhumanai.upload'] })
  const missed = await service.keys('revoke', silent.keyId, '--wait', '--timeout', '1')
  expect(missed.code).toBe(1)
  expect(missed.stderr).toContain(verifier.id)
})

test('a service that stops ends its feeds', async () => {
  const own = await startService()
  const { stdout } = await runService([
    'verifiers',
    'create',
    '--name',
    'a',
    '--json',
    '--data-dir',
    own.dataDir,
  ])
  const { verifier_secret } = JSON.parse(stdout) as { verifier_secret: string }
  const response = await fetch(own.url + REVOCATIONS_PATH, {
    headers: { Authorization: `Bearer ${verifier_secret}` },
  })
  const ended = response.text()
  expect(await own.stop()).toBe(0)
  expect(await ended).toContain('event: ready')
})
