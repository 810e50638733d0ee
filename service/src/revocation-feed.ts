import { type FeedPosition, formatRevocationEvent, type RevocationChange } from '@interhuman-auth/protocol'
import { isAlive } from './api-key.ts'
import type { Change } from './change.ts'
import type { ChangeWatch } from './change-watch.ts'
import { createFeedWriter, type FeedWriter } from './feed-writer.ts'
import type { EventStream } from './http-stream.ts'
import type { AuthenticatedVerifier } from './verifier.ts'

/** How often a feed says when its node last saw the database, in milliseconds. */
const HEARTBEAT_MS = 1_000
/** How many changes are written at once: much may be in force. */
const PIECE = 500

/** What a feed is opened with. */
export interface FeedRequest {
  readonly verifier: AuthenticatedVerifier
  /** Behind which event the last connection ended, where it did. */
  readonly lastPosition: FeedPosition | undefined
}

/** The feeds of one process. */
export interface RevocationFeeds {
  /** How many are open. */
  count(): number
  /** Whether there is room for one more. */
  hasRoom(): boolean
  /** Writes a feed to its end: what is in force, that it is whole, each change as it happens, and a heartbeat. */
  open(request: FeedRequest, stream: EventStream): void
  /** Takes note of how far a checker is; of one that is connected to another node, `false`. */
  acknowledge(lease: string, verifierId: string, position: FeedPosition): boolean
}

/** What feeds need from outside. */
export interface RevocationFeedsDependencies {
  readonly watch: ChangeWatch
  newUuid(): string
  readonly maxFeeds: number
}

interface OpenFeed {
  readonly verifierId: string
  acknowledge(revision: number): void
}

/**
 * Opens feeds of what ends credentials early.
 *
 * @see Our contract, section 6
 */
export function createRevocationFeeds(dependencies: RevocationFeedsDependencies): RevocationFeeds {
  const { watch, maxFeeds } = dependencies
  const feeds = new Map<string, OpenFeed>()

  return {
    count: () => feeds.size,
    hasRoom: () => feeds.size < maxFeeds,
    open({ verifier, lastPosition }, stream) {
      const { verifierId } = verifier
      const lease = dependencies.newUuid()
      const held = watch.holdLease({ holder: lease, kind: 'verifier', name: verifierId, revision: 0 })
      feeds.set(lease, { verifierId, acknowledge: (revision) => held.acknowledge(revision) })
      const writer = createFeedWriter(stream)
      const leave = follow(watch, { verifier, lease, lastPosition, writer }, stream)
      const heartbeat = setInterval(() => {
        if (!isAlive(verifier.secretExpiresAt, watch.nowMs() / 1000)) stream.end()
        // A reader that is behind does not know yet what the node has seen.
        else if (!writer.isBehind()) writeHeartbeat(watch, writer)
      }, HEARTBEAT_MS).unref()
      stream.onClose(() => {
        clearInterval(heartbeat)
        leave()
        feeds.delete(lease)
        held.release()
      })
    },
    acknowledge(lease, verifierId, { epoch, revision }) {
      const feed = feeds.get(lease)
      if (feed === undefined) return false
      if (feed.verifierId === verifierId && epoch === watch.epoch)
        feed.acknowledge(Math.min(revision, watch.revision))
      return true
    },
  }
}

function follow(
  watch: ChangeWatch,
  {
    verifier,
    lease,
    lastPosition,
    writer,
  }: FeedRequest & { readonly lease: string; readonly writer: FeedWriter },
  stream: EventStream,
): () => void {
  let isBehind = true
  const leave = watch.subscribe((changes, reset) => {
    if (!isBehind && reset) return stream.end()
    const told = isBehind ? selectUntold(changes, watch, lastPosition) : changes
    writeChanges(told, watch.epoch, writer)
    if (changes.some((change) => ends(change, verifier))) stream.end()
    isBehind = false
  })
  const { epoch, revision } = watch
  writer.write(() => formatRevocationEvent({ kind: 'ready', lease }, { epoch, revision }))
  writeHeartbeat(watch, writer)
  return leave
}

function writeChanges(changes: readonly Change[], epoch: string, writer: FeedWriter): void {
  for (let from = 0; from < changes.length; from += PIECE)
    writer.write(() =>
      changes
        .slice(from, from + PIECE)
        .map((change) => formatChange(change, epoch))
        .join(''),
    )
}

/** A change of the verifier since it was authenticated: it may be revoked, and comes again with a secret that lives. */
function ends({ kind, subject, revision }: Change, verifier: AuthenticatedVerifier): boolean {
  return kind === 'verifier' && subject === verifier.verifierId && revision > verifier.revision
}

/** Of a key the last change alone: it says all that the ones before it said. */
function selectUntold(
  changes: readonly Change[],
  { epoch, revision }: Pick<ChangeWatch, 'epoch' | 'revision'>,
  last: FeedPosition | undefined,
): readonly Change[] {
  const isKnown = last !== undefined && last.epoch === epoch && last.revision <= revision
  const untold = isKnown ? changes.filter((change) => change.revision > last.revision) : changes
  const latest = new Map(untold.map((change) => [`${change.kind} ${change.subject}`, change]))
  return untold.filter((change) => latest.get(`${change.kind} ${change.subject}`) === change)
}

/** A change that is not told outside becomes nothing. */
function formatChange(change: Change, epoch: string): string {
  const event = toEvent(change)
  return event === undefined ? '' : formatRevocationEvent(event, { epoch, revision: change.revision })
}

function toEvent({ kind, subject, generation, expiresAt }: Change): RevocationChange | undefined {
  if (kind === 'key') return { kind, keyId: subject, generation: generation ?? 0 }
  if (kind === 'token') return { kind, tokenId: subject, expiresAt }
  return kind === 'signing-key' ? { kind, kid: subject } : undefined
}

/** What was seen is what is written before it; when it goes out is another time. */
function writeHeartbeat(watch: ChangeWatch, writer: FeedWriter): void {
  const seenAtMs = Math.floor(watch.seenAtMs)
  writer.write(() =>
    formatRevocationEvent({ kind: 'heartbeat', seenAtMs, sentAtMs: Math.floor(watch.nowMs()) }),
  )
}
