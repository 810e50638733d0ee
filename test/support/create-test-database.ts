import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { inject } from 'vitest'

/** A database for one test, on a server that other tests use as well. */
export interface TestDatabase {
  readonly url: string
  readonly name: string
  /** Turns its clients out and drops it. */
  remove(): Promise<void>
}

/** Makes an empty database on the server of the test run. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = await serverOfTheRun()
  const name = `interhuman_auth_test_${randomBytes(8).toString('hex')}`
  await run(server, `create database ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return { url: url.href, name, remove: () => run(server, `drop database if exists ${name} with (force)`) }
}

async function serverOfTheRun(): Promise<string> {
  const response = await fetch(inject('postgresBroker'))
  const text = await response.text()
  if (!response.ok) throw new Error(text)
  return text
}

async function run(server: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: server, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
