import type { Database } from 'better-sqlite3'
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  SqliteAdapter,
  SqliteDialect,
  SqliteDriver,
} from 'kysely'

/**
 * Kysely's SQLite driver with two differences: a transaction takes the write lock when it begins, so that what it read
 * cannot be outdated when it writes; and the one connection goes to one user at a time, so that a query from elsewhere in
 * the process never lands inside a transaction.
 */
class ExclusiveSqliteDriver extends SqliteDriver {
  readonly #database: Database
  #turn: Promise<void> = Promise.resolve()
  #endTurn: () => void = () => {}

  constructor(database: Database) {
    super({ database })
    this.#database = database
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#turn
    let endTurn = () => {}
    this.#turn = new Promise((resolve) => {
      endTurn = resolve
    })
    await before
    this.#endTurn = endTurn
    return super.acquireConnection()
  }

  override async releaseConnection(): Promise<void> {
    this.#endTurn()
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }

  /** On a full disk SQLite has rolled back by itself, and asking again would hide the cause. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#database.inTransaction) await super.rollbackTransaction(connection)
  }
}

/** The dialect of an open database. */
export function sqliteDialect(database: Database): Dialect {
  const dialect = new SqliteDialect({ database })
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new ExclusiveSqliteDriver(database),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createQueryCompiler: () => dialect.createQueryCompiler(),
  }
}
