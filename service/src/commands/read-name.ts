import { UsageError } from '../usage-error.ts'
import { MAX_NAME_LENGTH, parseVisibleName } from '../visible-name.ts'

/**
 * Reads `--name`.
 *
 * @throws {UsageError} for a name that cannot be shown as it is.
 */
export function readName(text: string): string {
  const name = parseVisibleName(text)
  if (name === undefined) throw new UsageError(`--name takes 1 to ${MAX_NAME_LENGTH} visible characters`)
  return name
}
