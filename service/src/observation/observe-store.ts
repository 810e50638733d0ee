import type { Store } from '../store/store.ts'
import { StoreUnavailableError } from '../store/store-error.ts'

/** Runs an operation of the store and observes it; hands on what it gives or throws, as it is. */
export type Around = <T>(operation: string, run: () => Promise<T>) => Promise<T>

/** Puts `around` about every operation of a store that gives a promise. */
export function observeStore(store: Store, around: Around): Store {
  const observed = Object.entries(store).map(([name, method]: [string, (...args: never[]) => unknown]) => [
    name,
    UNOBSERVED.has(name)
      ? method
      : (...args: never[]) => around(name, () => method(...args) as Promise<unknown>),
  ])
  return Object.fromEntries(observed) as Store
}

/** What is no operation but a thing with a life, and the end. */
const UNOBSERVED: ReadonlySet<string> = new Set<keyof Store>(['hearChanges', 'close'])

/** Times each operation. */
export function timeOperations(
  observe: (operation: string, ms: number, answered: boolean) => void,
  monotonicMs: () => number,
): Around {
  return async function timed(operation, run) {
    const startedAt = monotonicMs()
    try {
      const result = await run()
      observe(operation, monotonicMs() - startedAt, true)
      return result
    } catch (error) {
      observe(operation, monotonicMs() - startedAt, !(error instanceof StoreUnavailableError))
      throw error
    }
  }
}
