import { CLIENT_TOKENS_PATH, OAUTH_TOKEN_PATH, TOKEN_ENDPOINTS } from '@interhuman-auth/protocol'
import type { Exchange } from './http-exchange.ts'
import type { Usage } from './keep-usage.ts'
import { ISSUED } from './usage.ts'

const COUNTED: ReadonlySet<string | undefined> = new Set([
  ...Object.values(TOKEN_ENDPOINTS),
  CLIENT_TOKENS_PATH,
  OAUTH_TOKEN_PATH,
])

/** Makes what counts the end of each request for a token; one whose client left before an answer counts as nothing. */
export function countTokenRequests(usage: Pick<Usage, 'count'>): (exchange: Exchange) => void {
  return function countUse(exchange) {
    const { route, errorId, response } = exchange
    if (!COUNTED.has(route) || (errorId === undefined && !response.headersSent)) return
    usage.count({
      knownKeyId: exchange.knownKeyId,
      secretNumber: exchange.secretNumber,
      outcome: errorId ?? ISSUED,
      address: exchange.clientAddress,
      userAgent: exchange.headers['user-agent'],
    })
  }
}
