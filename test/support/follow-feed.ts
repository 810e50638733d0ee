import {
  formatRevocationAck,
  parseFeedPosition,
  REVOCATION_ACK_PATH,
  REVOCATIONS_PATH,
} from '@interhuman-auth/protocol'
import { waitUntil } from './start-service.ts'

/** One event of a revocation feed. */
export interface FedEvent {
  /** Of a heartbeat `undefined`. */
  readonly id: string | undefined
  readonly event: string
  readonly data: Record<string, unknown>
}

/** A connection to the revocation feed of one node. */
export interface FollowedFeed {
  /** Resolves with the first event that there is or comes of a kind and with what is asked of its data. */
  next(event: string, data?: Readonly<Record<string, unknown>>): Promise<FedEvent>
  /** Resolves when the node has ended it. */
  readonly ended: Promise<void>
  close(): void
}

/** Follows the feed of the node at `url` and reads all that it says; rejects with what a refusal's status is. */
export async function followFeed(url: string, verifierSecret: string): Promise<FollowedFeed> {
  const end = new AbortController()
  const response = await fetch(url + REVOCATIONS_PATH, {
    headers: { Authorization: `Bearer ${verifierSecret}` },
    signal: end.signal,
  })
  if (response.status !== 200) throw new Error(`the feed is refused with ${response.status}`)
  const events: FedEvent[] = []
  const ended = read(response, events).catch((error: unknown) => {
    if (!end.signal.aborted) throw error
  })
  ended.catch(() => {})
  return {
    ended,
    async next(event, data = {}) {
      const find = () =>
        events.find(
          (each) =>
            each.event === event && Object.entries(data).every(([name, value]) => each.data[name] === value),
        )
      await waitUntil(
        () => find() !== undefined,
        () => `the feed has not told ${event} ${JSON.stringify(data)}`,
      )
      return find() as FedEvent
    },
    close: () => end.abort(),
  }
}

/** Acknowledges an event of a lease at the node at `url`. @returns the status. */
export async function acknowledge(
  url: string,
  verifierSecret: string,
  lease: string,
  id: string | undefined,
): Promise<number> {
  const position = parseFeedPosition(id)
  if (position === undefined) throw new Error(`${id} is the id of no event`)
  const response = await fetch(url + REVOCATION_ACK_PATH, {
    method: 'POST',
    headers: { Authorization: `Bearer ${verifierSecret}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(formatRevocationAck(lease, position)),
    signal: AbortSignal.timeout(20_000),
  })
  await response.body?.cancel()
  return response.status
}

async function read(response: Response, events: FedEvent[]): Promise<void> {
  let text = ''
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    events.push(...blocks.map(parseEvent))
  }
}

function parseEvent(block: string): FedEvent {
  const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/s, 2) as [string, string]))
  return {
    id: fields.get('id'),
    event: fields.get('event') ?? '',
    data: JSON.parse(fields.get('data') ?? '{}'),
  }
}
