import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Change } from '../src/change.ts'
import type { ChangeListener, ChangeWatch } from '../src/change-watch.ts'
import { startStream } from '../src/http-stream.ts'
import { createRevocationFeeds } from '../src/revocation-feed.ts'

const MANY = 20_000
const change = (revision: number): Change => ({
  revision,
  kind: 'token',
  subject: `ct_${String(revision).padStart(900, '0')}`,
  generation: null,
  at: 0,
  expiresAt: 2_000_000_000,
})

let inForce: Change[]
let listeners: Set<ChangeListener>
let server: Server
let answers: ServerResponse[]
beforeEach(async () => {
  inForce = Array.from({ length: MANY }, (_, index) => change(index + 1))
  listeners = new Set()
  answers = []
  const watch = {
    epoch: 'e'.repeat(32),
    get revision() {
      return inForce.length
    },
    seenAtMs: 1,
    nowMs: () => 1,
    subscribe(listener: ChangeListener) {
      listeners.add(listener)
      listener(inForce, true)
      return () => listeners.delete(listener)
    },
    holdLease: () => ({ acknowledge: () => {}, release: () => {} }),
  } as unknown as ChangeWatch
  const feeds = createRevocationFeeds({ watch, newUuid: () => 'lease', maxFeeds: 10 })
  const verifier = { verifierId: 'ihvr_1', revision: 0, secretExpiresAt: null }
  server = createServer((_, response) => {
    answers.push(response)
    startStream(response, true, {
      start: (stream) => feeds.open({ verifier, lastPosition: undefined }, stream),
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

async function connect(): Promise<IncomingMessage> {
  const asked = request({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', timeout: 20_000 })
  asked.end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  return answer.setEncoding('utf8')
}

function tell(revision: number): void {
  inForce.push(change(revision))
  for (const listener of listeners) listener([change(revision)], false)
}

/** The names of the events in their order, up to and with the one whose text is looked for. */
async function readEvents(answer: IncomingMessage, last: string): Promise<string[]> {
  const names: string[] = []
  let rest = ''
  for await (const part of answer) {
    const events = (rest + part).split('\n\n')
    rest = events.pop() ?? ''
    for (const event of events) {
      names.push(/^event: (.*)$/m.exec(event)?.[1] ?? '')
      if (event.includes(last)) return names
    }
  }
  return names
}

const isToken = (name: string) => name === 'token'

test('a guard that connects is told of all that is in force, however much that is, then of what came meanwhile', async () => {
  const answer = await connect()
  tell(MANY + 1)
  const names = await readEvents(answer, `.${MANY + 1}\nevent: token`)
  expect(names.filter(isToken)).toHaveLength(MANY + 1)
  expect(names.indexOf('ready')).toBe(MANY)
  expect(names[MANY + 1]).toBe('heartbeat')
})

test('of what one that does not read is to be told little waits in memory, and it hears of no time that it is behind', async () => {
  const answer = await connect()
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(answers[0]?.destroyed).toBe(false)
  expect(answers[0]?.writableLength).toBeLessThan(1_000_000)
  const names = await readEvents(answer, 'event: heartbeat')
  expect(names.slice(0, MANY).every(isToken)).toBe(true)
  expect(names.slice(MANY)).toEqual(['ready', 'heartbeat'])
})

test('one that does not read at all is cut once too much waits for it', async () => {
  await connect()
  for (let count = 1; count <= 10_001; count += 1) tell(MANY + count)
  expect(answers[0]?.destroyed).toBe(true)
})
