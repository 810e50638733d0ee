/**
 * Hands a client token to a signed-in visitor's browser, which then streams without ever seeing the key: the page asks with
 * `fromBackend('/api/interhuman-token')`. Copy this to `app/api/interhuman-token/route.ts`. Nothing in it is of Next.js: any
 * server with `Request` and `Response` can mount the same function.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { respondWithClientToken } from '@interhuman-auth/client/backend'

/** Answers the page. Settings are read at each request: where this is built there is no key. */
export async function POST(request: Request): Promise<Response> {
  const {
    INTERHUMAN_KEY_ID = '',
    INTERHUMAN_KEY_SECRET = '',
    INTERHUMAN_API_URL,
    PUBLIC_ORIGIN = '',
  } = process.env
  return respondWithClientToken(request, {
    keyId: INTERHUMAN_KEY_ID,
    keySecret: INTERHUMAN_KEY_SECRET,
    apiUrl: INTERHUMAN_API_URL,
    // The address that visitors see: behind a proxy the request does not know it.
    origins: [PUBLIC_ORIGIN],
    grant(asking) {
      const visitor = readVisitor(asking)
      if (visitor === undefined) return undefined
      if (!takeTurn(visitor)) return new Response(null, { status: 429, headers: { 'Retry-After': '60' } })
      return {
        scopes: ['interhumanai.stream'],
        expiresInSeconds: 120,
        caps: { maxConcurrent: 1, maxDurationSeconds: 1800 },
      }
    },
    onFailure: ({ status, correlationId }) => console.error('no client token', { status, correlationId }),
  })
}

/** Put your own sign-in here. This one takes a cookie `session=<visitor>.<HMAC-SHA-256 in hex>`, made with SESSION_KEY. */
function readVisitor(request: Request): string | undefined {
  const { SESSION_KEY = '' } = process.env
  const [, visitor = '', tag = ''] =
    /(?:^|; )session=([\w-]{1,64})\.([0-9a-f]{64})(?:;|$)/.exec(request.headers.get('Cookie') ?? '') ?? []
  if (SESSION_KEY === '' || visitor === '') return undefined
  const expected = createHmac('sha256', SESSION_KEY).update(visitor).digest()
  return timingSafeEqual(expected, Buffer.from(tag, 'hex')) ? visitor : undefined
}

const PER_MINUTE = 10
const MOST_VISITORS = 10_000
const turns = new Map<string, number>()
let minute = 0

/** Put your own limit here, one that all instances share. This one gives a visitor ten tokens a minute from this process. */
function takeTurn(visitor: string): boolean {
  const current = Math.floor(Date.now() / 60_000)
  if (current !== minute || turns.size > MOST_VISITORS) turns.clear()
  minute = current
  const taken = (turns.get(visitor) ?? 0) + 1
  turns.set(visitor, taken)
  return taken <= PER_MINUTE
}
