/** Where a candidate sends to. @typedef {(url: string | URL | Request, init?: RequestInit) => Promise<Response>} Send */

export const API = 'https://api.example.test'
export const LIFETIME_SECONDS = 900
/** Half on the way to the service, half on the way back. */
export const LATENCY_MS = 2000
/** The first exchange asked for from then on gets the 503. */
const REFUSES_AFTER_MS = 600_000

/**
 * A token endpoint that speaks both dialects of the exchange, JSON and OAuth's form, and a resource that takes the tokens. It
 * counts on the one clock that nobody sets.
 *
 * @param {() => number} now
 */
export function startVirtualService(now) {
  /** @type {Map<string, number>} */
  const endOf = new Map()
  const count = { exchanges: 0, refused: 0 }

  const answer = () => {
    if (now() >= REFUSES_AFTER_MS && count.refused === 0) {
      count.refused++
      // Either dialect's reader takes this for a failure that can pass.
      const body = { error: 'temporarily_unavailable', error_id: 'ih1003', message: 'try again' }
      return { status: 503, body: JSON.stringify(body) }
    }
    const token = `LEAK-${count.exchanges}`
    endOf.set(token, now() + LIFETIME_SECONDS * 1000)
    const grant = { access_token: token, token_type: 'Bearer', expires_in: LIFETIME_SECONDS, scope: 'a' }
    return { status: 200, body: JSON.stringify(grant) }
  }

  /** One exchange, over its latency. */
  const exchange = async () => {
    count.exchanges++
    await pause(LATENCY_MS / 2)
    const answered = answer()
    await pause(LATENCY_MS / 2)
    return answered
  }

  /** @type {Send} */
  const sendExchange = async () => {
    const { status, body } = await exchange()
    return new Response(body, { status, headers: { 'Content-Type': 'application/json' } })
  }

  /** @type {Send} */
  const sendToResource = async (input, init) => {
    const headers = input instanceof Request ? input.headers : new Headers(init?.headers)
    const token = headers.get('Authorization')?.replace('Bearer ', '') ?? ''
    if ((endOf.get(token) ?? 0) > now()) return new Response('{}', { status: 200 })
    return new Response('{}', {
      status: 401,
      headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' },
    })
  }
  return { count, exchange, sendExchange, sendToResource }
}

/** @param {number} ms @returns {Promise<void>} */
function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
