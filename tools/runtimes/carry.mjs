import { AccessToken, createFetch } from '@interhuman-auth/client'
import { openWebSocket } from '@interhuman-auth/client/websocket'

// A token carried by fetch and by a WebSocket, in what can be posted from a worker or out of a page.

/** A source that gives these values one after another. @param {...string} values */
function sourceOf(...values) {
  let next = 0
  const token = () =>
    new AccessToken({
      value: values[next++] ?? 'LEAK-none',
      raw: '',
      scopes: [],
      expiresInSeconds: 900,
      expiresAt: 0,
    })
  return { getToken: async () => token() }
}

/**
 * Asks a stand-in of protected.mjs, whose first token is always an old one.
 *
 * @param {string} url
 * @param {any} [WebSocket] Handed in where the platform has none.
 */
export async function carry(url, WebSocket) {
  const { origin } = new URL(url)
  const post = { method: 'POST', body: 'a body' }
  const open = () => createFetch(sourceOf('old', 'new'), { origins: [origin] })
  const away = await createFetch(sourceOf('new'), { origins: [origin] })(`${origin}/away`)
  const stream = `${origin.replace('http', 'ws')}/stream`
  return {
    string: (await open()(`${origin}/echo`, post)).status,
    request: await (await open()(new Request(`${origin}/echo`, post))).text(),
    away: away.status,
    opened: await listen(openWebSocket(sourceOf('new'), stream, { WebSocket })),
    scopeless: await listen(openWebSocket(sourceOf('scopeless'), stream, { WebSocket })),
    refused: await listen(openWebSocket(sourceOf('old', 'older'), stream, { WebSocket })),
  }
}

/** @param {Promise<import('@interhuman-auth/client/websocket').OpenWebSocket<WebSocket>>} opening */
async function listen(opening) {
  try {
    const { socket, closed } = await opening
    /** @type {unknown[]} */
    const messages = []
    socket.addEventListener('message', ({ data }) => messages.push(data))
    const { code, refusal } = await closed
    await new Promise((resolve) => setTimeout(resolve, 1))
    return { messages: messages.length, code, status: refusal?.status ?? null }
  } catch (error) {
    const { name, status, systemCode } = /** @type {any} */ (error)
    return { name, status: status ?? null, systemCode: systemCode ?? null }
  }
}
