import type { Socket } from 'node:net'
import { ERRORS } from '@interhuman-auth/protocol'
import { type ApiError, retryLater } from '../api-error.ts'
import { addressPrefix, isTrustedPeer, type Network, peerAddress } from '../client-address.ts'
import type { Config } from '../config.ts'
import type { Exchange } from '../http-exchange.ts'
import type { Route } from '../routes/route.ts'
import { type AtOnce, createAtOnce } from './at-once.ts'
import { createLoadShed } from './load-shed.ts'
import { createRateLimit, type RateLimit, refuseWaiting } from './rate-limit.ts'

/** What holds clients to their share of the service. */
export type AdmissionSettings = Pick<
  Config,
  | 'trustedProxies'
  | 'addressRequestsPerMinute'
  | 'addressRequestsAtOnce'
  | 'addressConnections'
  | 'failuresPerMinute'
  | 'maxInFlight'
  | 'maxLoopDelayMs'
>

/** When one of the client's own requests has ended, in seconds. */
const AT_ONCE_RETRY_SECONDS = 1

/** Who comes in. One client is an address, or the /64 of an IPv6 address. */
export interface Admission {
  /** @returns whether a connection is within its client's share; one that is not is to be closed. */
  admitConnection(socket: Socket): boolean
  /** The error for a request that the machine has no time for, by its head alone: `ih1003`. */
  judgeLoad(exchange: Exchange, route: Route): ApiError | undefined
  /**
   * Lets a request in by its head alone, or refuses it before anything of its body is read.
   *
   * @throws {ApiError} `ih3002` and `ih3001` for what is beyond the client's share.
   */
  admit(exchange: Exchange, route: Route): Promise<void> | undefined
  /**
   * Begins the work on a request that has arrived whole, which can have taken its time; {@link end} must follow.
   *
   * @throws {ApiError} `ih1003`
   */
  begin(route: Route): void
  end(route: Route): void
  /**
   * Counts a failed attempt, and gives the error to answer with: `ih3001` instead of a 401 once a client has failed too
   * often. Whoever has the right secret never comes here, so nobody behind the same address is locked out.
   */
  judgeFailure(exchange: Exchange, error: ApiError): Promise<ApiError>
  /** The answer has gone, or its client. */
  leave(exchange: Exchange): void
}

/**
 * Makes the admission of one process.
 *
 * @param monotonicMs the clock that exchanges are opened by.
 */
export function createAdmission(settings: AdmissionSettings, monotonicMs: () => number): Admission {
  const load = createLoadShed(settings, monotonicMs)
  const atOnce = createAtOnce(settings.addressRequestsAtOnce)
  const rate = createRateLimit(settings.addressRequestsPerMinute)
  const failures = createRateLimit(settings.failuresPerMinute)
  const connections = createAtOnce(settings.addressConnections)
  return {
    admitConnection: (socket) => admitConnection(socket, connections, settings.trustedProxies),
    judgeLoad: (exchange, route) => (route.load === 'free' ? undefined : load.judge(exchange.startedAt)),
    admit(exchange, route) {
      if (route.load !== undefined || (atOnce === undefined && rate === undefined)) return undefined
      return admitClient(exchange, atOnce, rate)
    },
    begin(route) {
      if (route.load !== 'free') load.begin(monotonicMs())
    },
    end(route) {
      if (route.load !== 'free') load.end()
    },
    async judgeFailure(exchange, error) {
      if (error.row.status !== 401 || failures === undefined) return error
      const waitSeconds = await failures.count(addressPrefix(exchange.clientAddress))
      return waitSeconds === 0 ? error : retryLater(ERRORS.rateLimited, waitSeconds)
    },
    leave({ countedAtOnce }) {
      if (countedAtOnce !== undefined) atOnce?.leave(countedAtOnce)
    },
  }
}

/** Proxies carry the connections of many clients, so that theirs are not counted. */
function admitConnection(
  socket: Socket,
  connections: AtOnce | undefined,
  trustedProxies: readonly Network[],
): boolean {
  const { remoteAddress } = socket
  if (connections === undefined || remoteAddress === undefined) return true
  if (isTrustedPeer(remoteAddress, trustedProxies)) return true
  const client = addressPrefix(peerAddress(remoteAddress))
  if (!connections.enter(client)) return false
  socket.once('close', () => connections.leave(client))
  return true
}

function admitClient(
  exchange: Exchange,
  atOnce: AtOnce | undefined,
  rate: RateLimit | undefined,
): Promise<void> | undefined {
  const client = addressPrefix(exchange.clientAddress)
  if (atOnce !== undefined) {
    if (!atOnce.enter(client)) throw retryLater(ERRORS.concurrencyLimited, AT_ONCE_RETRY_SECONDS)
    exchange.countedAtOnce = client
  }
  return rate?.count(client).then(refuseWaiting)
}
