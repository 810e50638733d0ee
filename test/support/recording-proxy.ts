import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server on loopback that passes each request on as it came and keeps the body that was answered. */
export interface RecordingProxy {
  readonly url: string
  /** The bodies answered since the last call. */
  takeBodies(): Buffer[]
  close(): Promise<void>
}

/** Starts a proxy before a service, so that a test knows the very bytes that the service sent. */
export async function startRecordingProxy(target: string): Promise<RecordingProxy> {
  const bodies: Buffer[] = []
  const server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = []
    for await (const chunk of request) chunks.push(chunk)
    const answer = await fetch(target + (request.url ?? ''), {
      method: request.method ?? '',
      headers: { 'Content-Type': request.headers['content-type'] ?? '' },
      ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
    })
    const body = Buffer.from(await answer.arrayBuffer())
    bodies.push(body)
    const kept = ['Content-Type', 'X-Correlation-ID'].map((name) => [name, answer.headers.get(name) ?? ''])
    response.writeHead(answer.status, Object.fromEntries(kept)).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    takeBodies: () => bodies.splice(0),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
