import { setTimeout as sleep } from 'node:timers/promises'
import type { ApiKey } from '../../api-key.ts'
import type { Lease } from '../../change.ts'
import { waitUntilInForce } from '../../operations/wait-until-in-force.ts'
import { OperatorError } from '../../operator-error.ts'
import type { KeysContext } from './context.ts'

/** How long `--wait` waits unless told, in seconds. */
export const DEFAULT_WAIT_SECONDS = 10

/**
 * `--wait`: comes back when the change is in force at every node and every verifier, and says how many they are.
 *
 * @throws {OperatorError} which names those where it is not yet in force after the time.
 */
export async function waitForChange(
  key: ApiKey,
  timeoutSeconds: number,
  context: KeysContext,
): Promise<void> {
  const { runtime, store } = context
  const startedAtMs = runtime.monotonicMs()
  const { reached, missing } = await waitUntilInForce(key.revision, {
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
