import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { Client } from 'pg'
import type { Hearing } from '../change.ts'
import { StartupError } from '../startup-error.ts'
import type { PostgresHost } from './postgres-address.ts'
import { type ClientConfigOf, type PostgresLimits, prepareSession } from './postgres-client.ts'
import { failureCode, PostgresError } from './postgres-error.ts'
import type { PostgresPool } from './postgres-pool.ts'

/** The channel on which each change is told; the database itself does it (migration 3). */
const CHANNEL = 'interhuman_auth_changes'

/** Pauses between two tries to listen, in milliseconds: the first, and the longest. */
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 2000

/** How often a connection that hears nothing is asked whether it still stands, in milliseconds. */
const ASK_MS = 10_000

/** How long a connection that listens must hear its own word at the most, in milliseconds. */
const HEAR_MS = 2000

/** Opens a connection that listens, on the first host that can be written to. @throws {PostgresError} */
export type OpenListener = () => Promise<Client>

/** Names the hosts that a listener may be connected to. */
export function listenerOf(
  hosts: readonly PostgresHost[],
  configOf: ClientConfigOf,
  limits: PostgresLimits,
): OpenListener {
  return async () => {
    const codes = new Set<string>()
    for (const host of hosts) {
      const client = new Client(configOf(host))
      // What is lost is heard of by its end.
      client.on('error', () => {})
      try {
        await client.connect()
        if (!(await prepareSession(client, limits)).writable)
          throw Object.assign(new Error(), { code: '25006' })
        await client.query(`listen ${CHANNEL}`)
        return client
      } catch (error) {
        codes.add(failureCode(error))
        void end(client)
      }
    }
    throw new PostgresError([...codes])
  }
}

/**
 * Calls soon after each change, on a connection of its own, which is made again whenever it is lost: then it calls as
 * well, since changes may have been missed.
 */
export function hearPostgresChanges(openListener: OpenListener, onHint: () => void): Hearing {
  const closing = new AbortController()
  const listening = keepListening(openListener, onHint, closing.signal)
  return {
    async close() {
      closing.abort()
      await listening
    },
  }
}

async function keepListening(
  openListener: OpenListener,
  onHint: () => void,
  closing: AbortSignal,
): Promise<void> {
  let pauseMs = FIRST_PAUSE_MS
  while (!closing.aborted) {
    const client = await openListener().catch(() => undefined)
    if (client !== undefined) {
      pauseMs = FIRST_PAUSE_MS
      client.on('notification', onHint)
      onHint()
      await untilLost(client, closing)
      client.removeListener('notification', onHint)
      await end(client)
    }
    await pause(pauseMs, undefined, { signal: closing, ref: false }).catch(() => {})
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
  }
}

async function untilLost(client: Client, closing: AbortSignal): Promise<void> {
  const lost = Promise.withResolvers<void>()
  const ask = setInterval(() => client.query('select 1').catch(() => lost.resolve()), ASK_MS).unref()
  client.once('end', () => lost.resolve())
  closing.addEventListener('abort', () => lost.resolve(), { once: true })
  if (!closing.aborted) await lost.promise
  clearInterval(ask)
}

/** A server that does not answer is not waited for. */
async function end(client: Client): Promise<void> {
  const timer = setTimeout(() => client.connection.stream.destroy(), FIRST_PAUSE_MS).unref()
  await client.end().catch(() => {})
  clearTimeout(timer)
}

/**
 * Refuses a pooler that gives a connection's statements to whichever server process is free: what listens then hears
 * nothing.
 *
 * @throws {StartupError} when a connection does not hear what another one says.
 * @throws {PostgresError} when the server does not answer.
 */
export async function refuseDeafPooler(pool: PostgresPool, openListener: OpenListener): Promise<void> {
  const client = await openListener()
  const word = randomUUID()
  const heard = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => heard.resolve(false), HEAR_MS)
  client.on('notification', ({ payload }) => payload === word && heard.resolve(true))
  try {
    await pool.query('select pg_notify($1, $2)', [CHANNEL, word])
    if (await heard.promise) return
  } finally {
    clearTimeout(timer)
    await end(client)
  }
  throw new StartupError(
    'the pooler before PostgreSQL does not keep a session on one connection, so that changes of keys would not be heard of; name the server itself, or let the pooler pool sessions instead of transactions',
  )
}
