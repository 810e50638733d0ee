/** One migration: its statements, in the words of each database. */
export interface Migration {
  readonly sqlite: readonly string[]
  readonly postgres: readonly string[]
  /**
   * The oldest version of the schema whose programs go on working on PostgreSQL after it; every version unless told. A
   * migration expands (new tables, columns with a default); what nobody needs any more goes in a later one that says from
   * when on.
   */
  readonly compatibleFrom?: number
}
