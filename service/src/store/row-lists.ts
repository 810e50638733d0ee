import { type RawBuilder, sql } from 'kysely'

/** Columns by name, each with its type. */
export type RowColumns = Readonly<Record<string, 'text' | 'bigint'>>

/** Hands a statement many rows as one parameter, so that its text is short and the same for any number of them. */
export interface RowLists {
  /** A query that gives the rows with these columns, in their order. PostgreSQL takes no NUL and no half of a surrogate pair in a text. */
  listRows<Columns extends RowColumns>(
    rows: readonly Readonly<Record<keyof Columns, string | number>>[],
    columns: Columns,
  ): RawBuilder<unknown>
}

/** In SQLite. Behind a list that is not named by `where` it would take `on conflict` for a join. */
export const SQLITE_ROW_LISTS: RowLists = {
  listRows(rows, columns) {
    const values = Object.keys(columns).map((name) => sql`value ->> ${sql.lit(`$.${name}`)}`)
    return sql`select ${sql.join(values)} from json_each(${JSON.stringify(rows)}) where true order by key`
  },
}

/** In PostgreSQL. */
export const POSTGRES_ROW_LISTS: RowLists = {
  listRows(rows, columns) {
    const types = Object.entries(columns).map(([name, type]) => sql`${sql.ref(name)} ${sql.raw(type)}`)
    const names = Object.keys(columns).map((name) => sql.ref(name))
    return sql`select ${sql.join(names)} from json_to_recordset(${JSON.stringify(rows)}::json) as list(${sql.join(types)})`
  },
}
