import {
  CLIENT_TOKEN_REVOCATION_PATH,
  CLIENT_TOKENS_PATH,
  INTROSPECTION_PATH,
  OAUTH_REVOCATION_PATH,
  OAUTH_TOKEN_PATH,
  TOKEN_ENDPOINTS,
} from '@interhuman-auth/protocol'
import type { Exchange } from './http-exchange.ts'
import type { Usage } from './keep-usage.ts'
import { INTROSPECTED, ISSUED, REVOKED } from './usage.ts'

/** Where keys are used, and what comes of it when nothing is refused. */
const OUTCOMES: ReadonlyMap<string | undefined, string> = new Map([
  ...Object.values(TOKEN_ENDPOINTS).map((path) => [path, ISSUED] as const),
  [CLIENT_TOKENS_PATH, ISSUED],
  [OAUTH_TOKEN_PATH, ISSUED],
  [CLIENT_TOKEN_REVOCATION_PATH, REVOKED],
  [OAUTH_REVOCATION_PATH, REVOKED],
  [INTROSPECTION_PATH, INTROSPECTED],
])

/**
 * Makes what counts the end of each request that uses a key; one whose client left before an answer counts as nothing. A
 * question about a credential counts where that is the secret of a key that may be used directly: what else is asked, and
 * what a verifier is refused, says nothing of a key.
 */
export function countKeyUses(usage: Pick<Usage, 'count'>): (exchange: Exchange) => void {
  return function countUse(exchange) {
    const { route, errorId, response, secretNumber } = exchange
    const outcome = OUTCOMES.get(route)
    if (outcome === undefined || (errorId === undefined && !response.headersSent)) return
    if (outcome === INTROSPECTED && secretNumber === 0) return
    usage.count({
      knownKeyId: exchange.knownKeyId,
      secretNumber,
      verifierId: exchange.verifierId,
      outcome: errorId ?? outcome,
      address: exchange.clientAddress,
      userAgent: exchange.headers['user-agent'],
    })
  }
}
