import { Socket } from 'node:net'
import {
  type ClientBase,
  Pool,
  type PoolClient,
  type QueryConfig,
  type QueryResult,
  type QueryResultRow,
} from 'pg'
import type { PostgresHost } from './postgres-address.ts'
import { type ClientConfigOf, type PostgresLimits, prepareSession, readTimeline } from './postgres-client.ts'
import { failureCode, isLost, PostgresError, toPostgresError } from './postgres-error.ts'

/** So many may wait for each connection; further ones are refused at once. */
const WAITING_PER_CONNECTION = 200

/** While no host answers, they are asked again no sooner than after this time, in milliseconds. */
const PAUSE_MS = 100

/** How long connections that were given up may go on with what they do, in milliseconds. */
const LEAVE_MS = 5000

/** The one server that can be written to, and the connections to it. */
interface Server {
  readonly pool: Pool
  /** Whether a pooler stands before it. */
  readonly pooled: boolean
  /** As {@link readTimeline} gives it. */
  readonly timeline: number
  /** Lets what is under way end, for a bounded time, and ends every connection. */
  leave(): Promise<void>
}

/** A query by its text, or with what pg takes besides. */
type Query = string | (QueryConfig & { readonly query_timeout?: number })

/** A connection that was taken out of the pool. */
export interface Connection {
  /** The timeline of its server, as {@link readTimeline} gives it. */
  readonly timeline: number
  /** @throws {PostgresError} */
  query<Row extends QueryResultRow>(query: Query, values?: readonly unknown[]): Promise<QueryResult<Row>>
  release(): void
}

/**
 * Connections to the first host of several that can be written to. Once it is lost, shuts down or can only be read, its
 * connections are given up and the hosts are tried again in order.
 */
export class PostgresPool {
  /** Kysely asks for it. */
  readonly options = {}
  readonly #hosts: readonly PostgresHost[]
  readonly #configOf: ClientConfigOf
  readonly #limits: PostgresLimits
  #search: Promise<Server> | undefined
  #server: Server | undefined
  #ended = false

  constructor(hosts: readonly PostgresHost[], configOf: ClientConfigOf, limits: PostgresLimits) {
    this.#hosts = hosts
    this.#configOf = configOf
    this.#limits = limits
  }

  /** Whether a pooler stands before the server. @throws {PostgresError} when no host can be written to. */
  async isPooled(): Promise<boolean> {
    return (await this.#find()).pooled
  }

  /** Takes a connection. @throws {PostgresError} when there is none in time. */
  async connect(): Promise<Connection> {
    const server = await this.#find()
    if (server.pool.waitingCount >= this.#limits.poolSize * WAITING_PER_CONNECTION)
      throw new PostgresError(['POOL_BUSY'])
    try {
      return this.#guard(server, await server.pool.connect())
    } catch (error) {
      const code = failureCode(error)
      // What is connected already is still of use.
      if (code !== 'POOL_BUSY' && code !== '53300') this.#giveUp(server)
      throw toPostgresError(error)
    }
  }

  /** Runs one query on any connection. @throws {PostgresError} */
  async query<Row extends QueryResultRow>(
    query: Query,
    values?: readonly unknown[],
  ): Promise<readonly Row[]> {
    const connection = await this.connect()
    try {
      return (await connection.query<Row>(query, values)).rows
    } finally {
      connection.release()
    }
  }

  async end(): Promise<void> {
    this.#ended = true
    const server = await this.#search?.catch(() => undefined)
    await server?.leave()
  }

  /** The server that is in use, or the one that those who ask at the same time find together. */
  #find(): Promise<Server> {
    if (this.#ended) return Promise.reject(new PostgresError(['CLOSED']))
    if (this.#search !== undefined) return this.#search
    const search = this.#try()
    this.#search = search
    search.then(
      (server) => {
        this.#server = server
      },
      () => setTimeout(() => this.#forget(search), PAUSE_MS).unref(),
    )
    return search
  }

  async #try(): Promise<Server> {
    const codes = new Set<string>()
    for (const host of this.#hosts) {
      try {
        return await this.#open(host)
      } catch (error) {
        codes.add(failureCode(error))
      }
    }
    throw new PostgresError([...codes])
  }

  async #open(host: PostgresHost): Promise<Server> {
    const sockets = new Set<Socket>()
    let pooled = false
    let timeline = 0
    const pool = new Pool({
      ...this.#configOf(host),
      max: this.#limits.poolSize,
      idleTimeoutMillis: this.#limits.idleTimeoutMs,
      stream: () => follow(sockets),
      onConnect: async (client) => {
        client.on('error', () => this.#giveUp(server))
        const state = await prepareSession(client, this.#limits)
        if (!state.writable) throw Object.assign(new Error(), { code: '25006' })
        pooled ||= state.pooled
      },
    })
    let left: Promise<void> | undefined
    const server: Server = {
      pool,
      get pooled() {
        return pooled
      },
      get timeline() {
        return timeline
      },
      leave: () => {
        left ??= leave(pool, sockets)
        return left
      },
    }
    // Said by a connection that is idle; a listener of its own heard it already.
    pool.on('error', () => {})
    try {
      const client = await pool.connect()
      timeline = await readTimeline(client)
      client.release()
      return server
    } catch (error) {
      void server.leave()
      throw error
    }
  }

  #guard(server: Server, client: PoolClient): Connection {
    let lost = false
    return {
      timeline: server.timeline,
      query: async (query, values) => {
        // Its transaction ended with the connection, and what ended it is what has to be told.
        if (lost && query === 'rollback') return NO_RESULT
        try {
          return await run(client, query, values)
        } catch (error) {
          if (isLost(error)) {
            lost = true
            this.#giveUp(server)
          }
          throw toPostgresError(error, lost && mayHaveChanged(client, query) ? 'unknown' : 'nothing')
        }
      },
      release: () => client.release(lost),
    }
  }

  #giveUp(server: Server): void {
    if (this.#server === server) {
      this.#server = undefined
      this.#search = undefined
    }
    void server.leave()
  }

  #forget(search: Promise<Server>): void {
    if (this.#search === search) this.#search = undefined
  }
}

const NO_RESULT: QueryResult<never> = { command: 'ROLLBACK', rowCount: null, oid: 0, fields: [], rows: [] }

/** A socket that is known, so that it can be ended when a server does not. */
function follow(sockets: Set<Socket>): Socket {
  const socket = new Socket()
  sockets.add(socket)
  return socket.once('close', () => sockets.delete(socket))
}

async function leave(pool: Pool, sockets: ReadonlySet<Socket>): Promise<void> {
  const timer = setTimeout(() => {
    for (const socket of sockets) socket.destroy()
  }, LEAVE_MS).unref()
  await pool.end()
  clearTimeout(timer)
}

function run<Row extends QueryResultRow>(
  client: ClientBase,
  query: Query,
  values?: readonly unknown[],
): Promise<QueryResult<Row>> {
  if (typeof query === 'string') return client.query<Row>(query, values?.map(storable))
  return client.query<Row>({ ...query, values: query.values?.map(storable) })
}

/** PostgreSQL keeps no NUL in text. What is looked up with one is not there, and nothing that is written has one. */
function storable(value: unknown): unknown {
  return typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\ufffd') : value
}

/** Inside a transaction nothing is changed before its end. */
function mayHaveChanged(client: ClientBase, query: Query): boolean {
  const text = (typeof query === 'string' ? query : query.text).trimStart()
  return /^commit/i.test(text) || (client.getTransactionStatus() === 'I' && !/^select/i.test(text))
}
