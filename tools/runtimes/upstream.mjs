import { once } from 'node:events'
import { createServer } from 'node:http'

/** A body that any parsing and printing again would change, and that is not UTF-8 throughout. */
export const ODD_BODY = Buffer.concat([
  Buffer.from('{ "scope":"x",\r\n\t"expires_in":9e2, "é":1 , "a":1,"a":2 }\n\n'),
  Buffer.from([0xff, 0x00, 0xc3]),
])

/** @typedef {{ method: string, path: string, body: string }} SeenRequest */

/**
 * A server of a few lines that stands in for the API: below `/plain/` it answers {@link ODD_BODY}, below `/moved/` it
 * redirects to it.
 *
 * @param {Record<string, { type: string, body: string }>} [pages] What it serves beside, by path.
 */
export async function startUpstream(pages = {}) {
  /** @type {SeenRequest[]} */
  const requests = []
  const server = createServer(async (request, response) => {
    const { method = '', url: path = '' } = request
    const page = pages[path]
    let body = ''
    for await (const chunk of request) body += chunk
    if (page !== undefined) response.writeHead(200, { 'Content-Type': page.type }).end(page.body)
    else requests.push({ method, path, body })
    if (path.startsWith('/moved/')) response.writeHead(307, { Location: '/plain/elsewhere' }).end()
    else if (path.startsWith('/plain/'))
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(ODD_BODY)
    else if (page === undefined) response.writeHead(404).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return {
    url: `http://127.0.0.1:${port}`,
    /** Takes the requests that came so far, pages aside. */
    takeRequests: () => requests.splice(0),
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
