import { startPostgres } from './start-postgres.ts'

// Starts a PostgreSQL, says where, and never ends it: for a test that kills this process.
const server = await startPostgres()
process.stdout.write(`${JSON.stringify({ pid: server.pid, folder: server.dataFolder })}\n`)
setInterval(() => {}, 60_000)
