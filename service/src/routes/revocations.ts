import {
  ERRORS,
  JSON_CONTENT_TYPE,
  LAST_EVENT_ID_HEADER,
  parseFeedPosition,
  parseRevocationAck,
  RETRY_AFTER_HEADER,
  REVOCATION_ACK_PATH,
  REVOCATIONS_PATH,
} from '@interhuman-auth/protocol'
import { ApiError } from '../api-error.ts'
import type { Lease } from '../change.ts'
import type { RevocationFeeds } from '../revocation-feed.ts'
import type { VerifierLookups } from '../verifier.ts'
import type { Route, RouteRequest, RouteResponse } from './route.ts'
import { authorizeVerifier } from './verifier-credential.ts'

/** What the feed and its acknowledgements need from outside. */
export interface RevocationsDependencies extends VerifierLookups {
  readonly feeds: RevocationFeeds
  /** Takes note of how far a checker is that is connected to another node. */
  acknowledgeLease(lease: Pick<Lease, 'holder' | 'name' | 'revision'>): Promise<void>
  /** Which store the revisions are of. */
  epoch(): string
}

const HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store',
  // A proxy that collects the answer would hold events back.
  'X-Accel-Buffering': 'no',
}
const FULL = { headers: { [RETRY_AFTER_HEADER]: '5' } }
const NOTED: RouteResponse = {
  headers: { 'Content-Type': JSON_CONTENT_TYPE, 'Cache-Control': 'no-store' },
  body: '{}',
}
const ACK_PROBLEMS = { problems: { id: 'must be the id of an event of the feed', lease: 'must be a lease' } }

/** `GET /v1/revocations`: what ends credentials early, as it happens (our contract, section 6). */
export function revocationsRoute(dependencies: RevocationsDependencies): Route {
  return {
    method: 'GET',
    load: 'uncounted',
    path: REVOCATIONS_PATH,
    async handler(request) {
      const verifier = await authorizeVerifier(request, dependencies)
      if (!dependencies.feeds.hasRoom()) throw new ApiError(ERRORS.concurrencyLimited, FULL)
      const lastPosition = parseFeedPosition(request.headers[LAST_EVENT_ID_HEADER.toLowerCase()])
      return {
        headers: HEADERS,
        body: { start: (stream) => dependencies.feeds.open({ verifier, lastPosition }, stream) },
      }
    },
  }
}

/** `POST /v1/revocations/ack`: how far a checker is (our contract, section 6). */
export function revocationAckRoute(dependencies: RevocationsDependencies): Route {
  const authorized = new WeakMap<RouteRequest, string>()
  return {
    method: 'POST',
    load: 'uncounted',
    path: REVOCATION_ACK_PATH,
    async authorize(request) {
      authorized.set(request, (await authorizeVerifier(request, dependencies)).verifierId)
    },
    async handler(request) {
      const ack = parseRevocationAck(request.body)
      if (ack === undefined) throw new ApiError(ERRORS.fieldInvalid, ACK_PROBLEMS)
      const { lease, position } = ack
      const verifierId = authorized.get(request) ?? ''
      if (
        !dependencies.feeds.acknowledge(lease, verifierId, position) &&
        position.epoch === dependencies.epoch()
      )
        await dependencies.acknowledgeLease({ holder: lease, name: verifierId, revision: position.revision })
      return NOTED
    },
  }
}
