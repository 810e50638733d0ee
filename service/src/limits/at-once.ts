/** Counts what each subject has under way. As large as what is under way. */
export interface AtOnce {
  /** @returns whether one more is within the limit; only then it counts, and {@link leave} must follow. */
  enter(subject: string): boolean
  leave(subject: string): void
}

/** Makes a limit, or none where `max` is 0. */
export function createAtOnce(max: number): AtOnce | undefined {
  if (max === 0) return undefined
  const counts = new Map<string, number>()
  return {
    enter(subject) {
      const count = counts.get(subject) ?? 0
      if (count >= max) return false
      counts.set(subject, count + 1)
      return true
    },
    leave(subject) {
      const count = (counts.get(subject) ?? 0) - 1
      if (count > 0) counts.set(subject, count)
      else counts.delete(subject)
    },
  }
}
