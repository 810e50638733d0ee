import { type FeedPosition, formatFeedPosition } from '@interhuman-auth/protocol'
import { type FeedTarget, sendAcknowledgement } from './feed-request.ts'

/** The shortest time between two acknowledgements, in milliseconds (our contract, section 6). */
export const ACKNOWLEDGE_EVERY_MS = 100
/** When one that failed is sent again, in milliseconds. */
const RETRY_MS = 1_000
const TIMEOUT_MS = 5_000

/** Tells the service up to which event this process has applied the feed. */
export interface FeedAcknowledger {
  /** A connection is ready: from now on acknowledge under its lease, everything up to the position first. */
  readonly begin: (lease: string, position: FeedPosition) => void
  /** Something was applied: told at once, or when the time since the last acknowledgement is over. */
  readonly applied: (position: FeedPosition) => void
  /** The connection is gone, and with it the lease. */
  readonly end: () => void
  /** The last position that the service knows of, as the id of an event. */
  readonly acknowledgedId: () => string | undefined
  /** What became of the last acknowledgement, if it failed. */
  readonly failure: () => string | undefined
}

/** What is told under one lease. */
interface Session {
  readonly lease: string
  latest: FeedPosition
  acknowledged: FeedPosition | undefined
  isWaiting: boolean
}

/** Makes an acknowledger: one request at a time, the newest position in each, and it keeps no process alive. */
export function feedAcknowledger(target: FeedTarget): FeedAcknowledger {
  let session: Session | undefined
  let acknowledged: FeedPosition | undefined
  let failure: string | undefined

  async function tell(current: Session): Promise<void> {
    if (session !== current || current.isWaiting || current.latest === current.acknowledged) return
    current.isWaiting = true
    const { lease, latest: position } = current
    const detail = await sendAcknowledgement({ ...target, lease, position, timeoutMs: TIMEOUT_MS })
    if (session !== current) return
    failure = detail
    if (detail === undefined) {
      current.acknowledged = position
      acknowledged = position
    }
    setTimeout(tellAgain, detail === undefined ? ACKNOWLEDGE_EVERY_MS : RETRY_MS, current).unref()
  }

  function tellAgain(current: Session): void {
    current.isWaiting = false
    void tell(current)
  }

  return {
    begin(lease, latest) {
      session = { lease, latest, acknowledged: undefined, isWaiting: false }
      void tell(session)
    },
    applied(position) {
      if (session === undefined) return
      session.latest = position
      void tell(session)
    },
    end() {
      session = undefined
    },
    acknowledgedId: () => (acknowledged === undefined ? undefined : formatFeedPosition(acknowledged)),
    failure: () => failure,
  }
}
