import type { CommandContext } from '../../command-group.ts'
import {
  createVerifierIn,
  revokeVerifierIn,
  rotateVerifierIn,
  type VerifierWithSecret,
} from '../../operations/verifiers.ts'
import { StartupError } from '../../startup-error.ts'
import type { Store } from '../../store/store.ts'
import { UsageError } from '../../usage-error.ts'
import { isVerifierId } from '../../verifier.ts'
import { toVerifierView } from '../../verifier-view.ts'
import { actingByDatabaseTime } from '../acting.ts'
import { formatTable, writeFields, writeJson } from '../output.ts'
import { readName } from '../read-name.ts'

/**
 * `verifiers create`: a new one; its secret is shown once, on standard output.
 *
 * @throws {UsageError | StartupError}
 */
export async function createVerifier(
  name: string | undefined,
  store: Store,
  context: CommandContext,
): Promise<void> {
  if (name === undefined) throw new UsageError('a verifier needs --name NAME')
  const { randomBytes } = context.runtime
  const asked = { name: readName(name) }
  const by = await actingByDatabaseTime(store, context)
  show(await createVerifierIn(store, asked, by, randomBytes), context)
}

/** `verifiers list`: every one, also those that are revoked, in order of creation. */
export async function listVerifiers(store: Store, context: CommandContext): Promise<void> {
  const now = context.runtime.now()
  const views = (await store.listVerifiers()).map((verifier) => toVerifierView(verifier, now))
  if (context.json) return writeJson({ verifiers: views }, context)
  const rows = views.map((view) => [view.verifier_id, view.state, view.created_at, view.name])
  context.runtime.writeOutput(formatTable([['VERIFIER ID', 'STATE', 'CREATED', 'NAME'], ...rows]))
}

/**
 * `verifiers rotate`: a new secret; the old one lives on for the overlap.
 *
 * @throws {VerifierChangeError | StartupError}
 */
export async function rotateVerifier(
  id: string,
  overlapSeconds: number | undefined,
  store: Store,
  context: CommandContext,
): Promise<void> {
  const { randomBytes } = context.runtime
  const by = await actingByDatabaseTime(store, context)
  const rotated = await rotateVerifierIn(store, id, overlapSeconds, by, randomBytes)
  if (rotated === undefined) throw noSuchVerifier(id)
  show(rotated, context)
}

/**
 * `verifiers revoke`: its next question is refused, and its feed is cut.
 *
 * @throws {StartupError} when there is none of this id.
 */
export async function revokeVerifier(id: string, store: Store, context: CommandContext): Promise<void> {
  const by = await actingByDatabaseTime(store, context)
  const verifier = await revokeVerifierIn(store, id, by)
  if (verifier === undefined) throw noSuchVerifier(id)
  writeFields({ ...toVerifierView(verifier, context.runtime.now()) }, context)
}

function show({ secret, verifier }: VerifierWithSecret, context: CommandContext): void {
  const { verifier_id, ...rest } = toVerifierView(verifier, context.runtime.now())
  try {
    writeFields({ verifier_id, verifier_secret: secret, ...rest }, context)
  } catch {
    throw new StartupError(
      `${verifier_id} has a new secret, but standard output could not be written; revoke it or rotate it`,
    )
  }
  context.runtime.writeMessage(
    'this is the only time that the secret is shown; keep it where others cannot read it',
  )
}

/** An argument that is no id is not repeated: it may be the secret. */
function noSuchVerifier(id: string): StartupError {
  return new StartupError(
    isVerifierId(id)
      ? `there is no verifier ${id}`
      : 'that is not the id of a verifier; one is ihvr_ and 20 letters or digits',
  )
}
