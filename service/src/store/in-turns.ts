import { setImmediate as nextTurn } from 'node:timers/promises'

/** So many rows take a few milliseconds. */
const ROWS_A_TURN = 250

/**
 * Works through the rows of one transaction, some in each turn of the event loop: SQLite is asked in this very thread, and
 * requests are to be answered in between.
 */
export async function inTurns<Row>(
  rows: readonly Row[],
  work: (some: readonly Row[]) => Promise<unknown>,
): Promise<void> {
  for (let from = 0; from < rows.length; from += ROWS_A_TURN) {
    if (from > 0) await nextTurn()
    await work(rows.slice(from, from + ROWS_A_TURN))
  }
}
