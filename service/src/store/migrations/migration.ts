/** The statements of one migration, in the words of each database. */
export interface Migration {
  readonly sqlite: readonly string[]
  readonly postgres: readonly string[]
}
