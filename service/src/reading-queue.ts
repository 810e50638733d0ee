/** Readings of the changes, one after the other. */
export interface ReadingQueue {
  /**
   * Reads now, or where a reading is under way once it has ended: then with all others who ask meanwhile.
   *
   * @param renews whether leases are to be renewed with it.
   * @throws whatever the reading throws.
   */
  ask(renews: boolean): Promise<void>
  /** Resolves when no reading is under way any more. */
  settled(): Promise<void>
}

/** Makes the queue of one watch. */
export function queueReadings(read: (renews: boolean) => Promise<void>): ReadingQueue {
  let reading: Promise<void> | undefined
  let next: Promise<void> | undefined
  let nextRenews = false

  function run(renews: boolean): Promise<void> {
    reading = read(renews).finally(() => {
      reading = undefined
    })
    return reading
  }

  function runNext(): Promise<void> {
    const renews = nextRenews
    next = undefined
    nextRenews = false
    return run(renews)
  }

  return {
    ask(renews) {
      if (reading === undefined) return run(renews)
      nextRenews ||= renews
      next ??= reading.then(runNext, runNext)
      return next
    },
    async settled() {
      await next?.catch(() => {})
      await reading?.catch(() => {})
    },
  }
}
