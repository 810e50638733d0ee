/** Says of which errors a line is written, so that nobody can fill a disk with being refused. */
export interface LogSample {
  /** @returns whether the line of one more error of this id is written; one that is not is counted. */
  admit(errorId: string): boolean
  /** Tells the counts of this second at once. */
  flush(): void
}

const SECOND_MS = 1000

/**
 * Makes a sample. A second begins with the first error of any id; of ids there are as many as the catalogue has.
 *
 * @param linesPerSecond so many are written of each error id.
 * @param onLeftOut hears how many lines of an error id were left out in a second.
 */
export function createLogSample(
  linesPerSecond: number,
  onLeftOut: (errorId: string, count: number) => void,
): LogSample {
  const counts = new Map<string, number>()
  let timer: NodeJS.Timeout | undefined
  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    for (const [errorId, count] of counts)
      if (count > linesPerSecond) onLeftOut(errorId, count - linesPerSecond)
    counts.clear()
  }
  return {
    admit(errorId) {
      timer ??= setTimeout(flush, SECOND_MS).unref()
      const count = (counts.get(errorId) ?? 0) + 1
      counts.set(errorId, count)
      return count <= linesPerSecond
    },
    flush,
  }
}
