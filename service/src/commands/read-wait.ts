import { type OptionValues, readInteger } from '../command-group.ts'
import { UsageError } from '../usage-error.ts'

/** How long `--wait` waits unless told, in seconds. */
const DEFAULT_WAIT_SECONDS = 10

/** The longest wait for a change to be in force, in seconds. */
const MAX_WAIT_SECONDS = 3600

/** The options of a command that can wait until its change is in force everywhere. */
export const WAIT_OPTIONS = { wait: { type: 'boolean' }, timeout: { type: 'string' } } as const

/**
 * Reads `--wait` and `--timeout`.
 *
 * @returns seconds, or `undefined` for not waiting at all.
 * @throws {UsageError} for a time without a wait, and for one that is out of its bounds.
 */
export function readWait(values: OptionValues): number | undefined {
  const timeout = readInteger(values, 'timeout', 1, MAX_WAIT_SECONDS)
  if (timeout !== undefined && values.wait !== true) throw new UsageError('--timeout goes with --wait')
  return values.wait === true ? (timeout ?? DEFAULT_WAIT_SECONDS) : undefined
}
