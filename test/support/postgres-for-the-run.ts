import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestProject } from 'vitest/node'
import { type PostgresServer, startPostgres } from './start-postgres.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where a test file asks for the PostgreSQL of the run. */
    readonly postgresBroker: string
  }
}

/** Names a server that is there already, whose user may create databases and roles. */
const GIVEN = 'INTERHUMAN_AUTH_TEST_DATABASE_URL'

/** The one PostgreSQL of a test run: the one that is given, or one that is started when the first test file asks for it. */
export default function setup(project: TestProject): Promise<() => Promise<void>> {
  let postgres: Promise<PostgresServer> | undefined
  const given = process.env[GIVEN]
  // It is no setting of the service, which the tests start with their own environment.
  delete process.env[GIVEN]
  const broker = createServer((_request, response) => {
    if (given !== undefined) return response.end(given)
    postgres ??= startPostgres({ settings: { max_connections: 300, synchronous_commit: 'off' } })
    postgres.then(
      (server) => response.end(server.url()),
      (error) => response.writeHead(500).end(String(error)),
    )
  })
  return new Promise((resolve) => {
    broker.listen(0, '127.0.0.1', () => {
      project.provide('postgresBroker', `http://127.0.0.1:${(broker.address() as AddressInfo).port}`)
      resolve(async () => {
        broker.close()
        broker.closeAllConnections()
        await (await postgres?.catch(() => undefined))?.remove()
      })
    })
  })
}
