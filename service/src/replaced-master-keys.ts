import type { Store } from './store/store.ts'

/** The setting that names the master keys which a store had before, so that one which is given again is told apart from a wrong one. */
export const REPLACED_MASTER_KEYS = 'replaced-master-keys'

/** So many are remembered, the newest. */
const MOST_REPLACED = 20

/** A master key that a rewrap replaced. */
export interface ReplacedMasterKey {
  /** Its {@link masterKeyId}. */
  readonly id: string
  /** When it was replaced, in epoch seconds. */
  readonly at: number
}

/** Says when the master key of this id was replaced, `undefined` where it was not. */
export async function findReplacement(
  store: Pick<Store, 'findSetting'>,
  id: string,
): Promise<ReplacedMasterKey | undefined> {
  return parseReplaced(await store.findSetting(REPLACED_MASTER_KEYS)).findLast((each) => each.id === id)
}

/** Writes the setting with one more. */
export function formatReplaced(setting: string | undefined, added: ReplacedMasterKey): string {
  return JSON.stringify([...parseReplaced(setting), added].slice(-MOST_REPLACED))
}

function parseReplaced(setting: string | undefined): readonly ReplacedMasterKey[] {
  return setting === undefined ? [] : (JSON.parse(setting) as ReplacedMasterKey[])
}
