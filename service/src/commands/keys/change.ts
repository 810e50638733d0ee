import { changeKey } from '../../operations/change-key.ts'
import { changeKeyState, type StateChange } from '../../operations/change-key-state.ts'
import { endKeyOverlap } from '../../operations/end-overlap.ts'
import { UsageError } from '../../usage-error.ts'
import { actingByDatabaseTime } from '../acting.ts'
import { readName } from '../read-name.ts'
import { waitForChange } from '../wait.ts'
import { type KeysContext, showChanged } from './context.ts'
import { readScopes } from './read-scopes.ts'

/** What `keys change` is told; `undefined` is left as it is. */
export interface ChangeOptions {
  readonly name: string | undefined
  /** All that the key shall have; empty for what is left as it is. */
  readonly scopes: readonly string[]
  /** 0 for now, `null` for never. */
  readonly expiresInSeconds: number | null | undefined
  readonly direct: boolean | undefined
}

/**
 * `keys change`: another name, other scopes, another expiry, `direct` on or off.
 *
 * @throws {KeyChangeError | StartupError | UsageError}
 */
export async function changeKeyByCommand(
  keyId: string,
  { name, scopes, expiresInSeconds, direct }: ChangeOptions,
  context: KeysContext,
): Promise<void> {
  const by = await actingByDatabaseTime(context.store, context)
  const change = {
    name: name === undefined ? undefined : readName(name),
    scopes: scopes.length === 0 ? undefined : readScopes(scopes),
    expiresAt: expiresInSeconds == null ? expiresInSeconds : by.now + expiresInSeconds,
    direct,
  }
  if (Object.values(change).every((value) => value === undefined))
    throw new UsageError('keys change needs --name, --scope, --expires-in-seconds or --direct')
  showChanged(keyId, await changeKey(context.store, keyId, change, by), context)
}

/** What `keys disable`, `keys enable` and `keys revoke` are told. */
export interface StateChangeOptions {
  readonly word: StateChange
  /** How long to wait until the change is in force everywhere; `undefined` for not at all. */
  readonly waitSeconds: number | undefined
}

/**
 * `keys disable`, `keys enable`, `keys revoke`. A key that is in the state already is left as it is.
 *
 * @throws {KeyChangeError | StartupError}
 * @throws {OperatorError} when it is not in force everywhere within the time.
 */
export async function changeKeyStateByCommand(
  keyId: string,
  { word, waitSeconds }: StateChangeOptions,
  context: KeysContext,
): Promise<void> {
  const by = await actingByDatabaseTime(context.store, context)
  const changed = await changeKeyState(context.store, keyId, word, by)
  const key = showChanged(keyId, changed, context)
  if (waitSeconds !== undefined) await waitForChange(key.revision, waitSeconds, context.store, context)
}

/**
 * `keys end-overlap`: the older of two secrets ends now.
 *
 * @throws {KeyChangeError | StartupError}
 */
export async function endOverlapByCommand(
  keyId: string,
  options: { readonly force: boolean },
  context: KeysContext,
): Promise<void> {
  const by = await actingByDatabaseTime(context.store, context)
  showChanged(keyId, await endKeyOverlap(context.store, keyId, options, by), context)
}
