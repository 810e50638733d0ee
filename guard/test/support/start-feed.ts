import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  type FeedPosition,
  formatRevocationEvent,
  REVOCATION_ACK_PATH,
  type RevocationChange,
} from '@interhuman-auth/protocol'
import { afterEach } from 'vitest'
import { type RevocationFeedOptions, revocationFeed } from '../../src/revocation-feed.ts'
import { startServer } from './start-server.ts'

export const VERIFIER = `ihv_${'LEAK'.repeat(12)}0`
export const EPOCH = 'epoch-1'
export const at = (revision: number, epoch = EPOCH): FeedPosition => ({ epoch, revision })

/** A connection of the feed as the server sees it, and what it can be made to say. */
export interface ServedFeed {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  write(text: string | Uint8Array): void
  change(change: RevocationChange, revision: number): void
  ready(revision?: number, lease?: string): void
  /** Says that the node saw its database so long ago; its clock is a day ahead of ours. */
  heartbeat(seenAgoMs?: number): void
}

/** The node's clock: it has nothing to do with that of the guard. */
const nodeNow = () => Date.now() + 86_400_000

const running: { stop: () => unknown }[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map(({ stop }) => stop()))
})

/** A feed behind a real socket. `onFeed` gets each connection with the head of its answer sent, unless it is told not to. */
export async function startFeed(
  onFeed: (feed: ServedFeed, connections: number) => void = (feed) => {
    feed.ready()
    feed.heartbeat()
  },
  head: { status?: number; headers?: Record<string, string> } | 'none' = {},
) {
  const feeds: ServedFeed[] = []
  const acks: Record<string, unknown>[] = []
  const acknowledging = { status: 200 }
  const server = await startServer(async (request, response) => {
    if (request.url === REVOCATION_ACK_PATH) {
      let body = ''
      for await (const chunk of request) body += chunk
      acks.push({ ...JSON.parse(body), authorization: request.headers.authorization })
      response.writeHead(acknowledging.status).end('{}')
      return
    }
    const feed = serve(request, response)
    feeds.push(feed)
    if (head !== 'none') {
      const { status = 200, headers = { 'Content-Type': 'text/event-stream' } } = head
      response.writeHead(status, headers)
    }
    onFeed(feed, feeds.length)
  })
  running.push(server)
  return { url: server.url, feeds, acks, acknowledging }
}

function serve(request: IncomingMessage, response: ServerResponse): ServedFeed {
  const write = (text: string | Uint8Array) => void response.write(text)
  return {
    request,
    response,
    write,
    change: (change, revision) => write(formatRevocationEvent(change, at(revision))),
    ready: (revision = 0, lease = 'lease-1') =>
      write(formatRevocationEvent({ kind: 'ready', lease }, at(revision))),
    heartbeat(seenAgoMs = 0) {
      const sentAtMs = nodeNow()
      write(formatRevocationEvent({ kind: 'heartbeat', seenAtMs: sentAtMs - seenAgoMs, sentAtMs }))
    },
  }
}

/** A listener to a feed of {@link startFeed}, closed when the test ends. */
export function listen(address: string, options: Partial<RevocationFeedOptions> = {}) {
  const feed = revocationFeed({ address, verifier: VERIFIER, ...options })
  running.push({ stop: () => feed.close() })
  return feed
}

/** Waits until something holds, for a bounded time. */
export async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    if (holds()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('it did not come to hold')
}
