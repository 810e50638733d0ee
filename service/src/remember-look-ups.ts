import { LRUCache } from 'lru-cache'
import type { ChangeKind } from './change.ts'
import type { ChangeWatch } from './change-watch.ts'
import { StoreUnavailableError } from './store/store-error.ts'

/** A look-up, and what ends what is remembered of it. */
export interface RememberedLookUp<Found extends object> {
  /** Looks up; `undefined` for nothing, which is never remembered. */
  read(name: string): Promise<Found | undefined>
  /** Changes of this kind end all that is remembered. */
  readonly kind: ChangeKind
  /** How much is remembered at most. */
  readonly max: number
}

/** How often a look-up is begun again because a change outran it. */
const MAX_TRIES = 5

/**
 * Remembers what a look-up found until a change says otherwise. What a change outran is looked up again, so that nothing from
 * before it is answered or remembered behind it; and nothing is answered once the database has not been seen for too long.
 *
 * @returns the look-up, which throws {@link StoreUnavailableError} as well.
 */
export function rememberLookUps<Found extends object>(
  { read, kind, max }: RememberedLookUp<Found>,
  watch: Pick<ChangeWatch, 'subscribe' | 'isStale' | 'freshen'>,
): (name: string) => Promise<Found | undefined> {
  const remembered = new LRUCache<string, Found>({ max })
  let heard = 0
  watch.subscribe((changes, reset) => {
    if (!reset && !changes.some((change) => change.kind === kind)) return
    heard += 1
    remembered.clear()
  })

  async function lookUp(name: string): Promise<Found | undefined> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const before = heard
      const found = await read(name)
      if (heard !== before) continue
      if (found !== undefined) remembered.set(name, found)
      return found
    }
    throw new StoreUnavailableError('what is looked up is changed faster than it is read')
  }

  return async function find(name) {
    if (watch.isStale()) await watch.freshen()
    return remembered.get(name) ?? lookUp(name)
  }
}
