import { setTimeout as sleep } from 'node:timers/promises'
import type { Lease } from '../change.ts'
import type { CommandContext } from '../command-group.ts'
import { waitUntilInForce } from '../operations/wait-until-in-force.ts'
import { OperatorError } from '../operator-error.ts'
import type { Store } from '../store/store.ts'

/**
 * `--wait`: comes back when the change of a revision is in force at every node and every verifier, and says how many they are.
 *
 * @throws {OperatorError} which names those where it is not yet in force after the time.
 */
export async function waitForChange(
  revision: number,
  timeoutSeconds: number,
  store: Pick<Store, 'listLeases'>,
  { runtime }: Pick<CommandContext, 'runtime'>,
): Promise<void> {
  const startedAtMs = runtime.monotonicMs()
  const { reached, missing } = await waitUntilInForce(revision, {
    store,
    timeoutMs: timeoutSeconds * 1000,
    monotonicMs: () => runtime.monotonicMs(),
    sleep: (ms) => sleep(ms),
  })
  const seconds = ((runtime.monotonicMs() - startedAtMs) / 1000).toFixed(2)
  if (missing.length > 0)
    throw new OperatorError(
      [
        `the change is written, and after ${seconds} s not yet in force at`,
        ...missing.map(({ kind, name, holder }) => `  ${kind} ${name} (lease ${holder})`),
      ].join('\n'),
    )
  runtime.writeMessage(
    `in force at ${count(reached, 'node')} and ${count(reached, 'verifier')} after ${seconds} s`,
  )
}

function count(leases: readonly Lease[], kind: Lease['kind']): string {
  const found = leases.filter((lease) => lease.kind === kind).length
  return `${found} ${kind}${found === 1 ? '' : 's'}`
}
