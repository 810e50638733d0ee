import type { CommandContext } from '../../command-group.ts'
import { dataFolder } from '../../data-folder.ts'
import { openMasterKey } from '../../open-master-key.ts'
import type { SigningKeyTools } from '../../operations/change-signing-keys.ts'
import { findLossRevision, loseSigningKey } from '../../operations/lose-signing-key.ts'
import { rotateSigningKeys } from '../../operations/rotate-signing-keys.ts'
import type { SigningKey } from '../../signing-key.ts'
import { type SigningKeyView, toSigningKeyView } from '../../signing-key-view.ts'
import type { Store } from '../../store/store.ts'
import { actingByDatabaseTime } from '../acting.ts'
import { formatTable, writeJson } from '../output.ts'
import { waitForChange } from '../wait.ts'

/** `signing-keys list`: all of them in order of creation, those that verify nothing any more as well. */
export async function listSigningKeys(store: Store, context: CommandContext): Promise<void> {
  const { now } = await actingByDatabaseTime(store, context)
  show(await store.listSigningKeys(), now, context)
}

/**
 * `signing-keys rotate`: the next key signs, on every node, and another next one is published.
 *
 * @throws {SigningKeyError} when the next key is not known to every guard yet, unless `forced`.
 * @throws {StartupError} when the master key is not that of the store.
 */
export async function rotateKeys(
  options: { readonly forced: boolean },
  store: Store,
  context: CommandContext,
): Promise<void> {
  const tools = await openTools(store, context)
  const by = await actingByDatabaseTime(store, context)
  show(await rotateSigningKeys(tools, options, by), by.now, context)
}

/**
 * `signing-keys revoke`: a key is lost; its tokens are dead now.
 *
 * @throws {SigningKeyError} when there is none of that kid.
 * @throws {StartupError} when the master key is not that of the store.
 * @throws {OperatorError} when it is not in force everywhere within the time.
 */
export async function revokeKey(
  { kid, waitSeconds }: { readonly kid: string; readonly waitSeconds: number | undefined },
  store: Store,
  context: CommandContext,
): Promise<void> {
  const tools = await openTools(store, context)
  const by = await actingByDatabaseTime(store, context)
  show(await loseSigningKey(tools, kid, by), by.now, context)
  if (waitSeconds === undefined) return
  await waitForChange(await findLossRevision(store, kid), waitSeconds, store, context)
}

async function openTools(store: Store, { config, runtime }: CommandContext): Promise<SigningKeyTools> {
  const { randomBytes } = runtime
  const { renewable } = await openMasterKey(store, config, dataFolder(config.dataDir).masterKey, randomBytes)
  return { store, masterKey: renewable, randomBytes }
}

function show(keys: readonly SigningKey[], now: number, context: CommandContext): void {
  const views = keys.map((key) => toSigningKeyView(key, now))
  if (context.json) writeJson({ signing_keys: views }, context)
  else context.runtime.writeOutput(formatSigningKeys(views))
}

function formatSigningKeys(views: readonly SigningKeyView[]): string {
  const rows = views.map((view) => [
    view.kid,
    view.algorithm,
    view.state,
    view.created_at,
    view.activated_at ?? '-',
    view.verifies ? (view.verifies_until ?? 'yes') : 'no',
  ])
  const headings = ['KID', 'ALGORITHM', 'STATE', 'CREATED', 'SIGNED SINCE', 'VERIFIES']
  return formatTable([headings, ...rows])
}
