import { once } from 'node:events'
import { createWriteStream, existsSync, linkSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import type { RandomBytes } from '../base62.ts'
import { OperatorError } from '../operator-error.ts'
import { syncPath } from '../store/sqlite-backup.ts'

/**
 * Writes a new file of secrets (0600) piece by piece, whole or not at all; it has its name only when it is on the disk.
 *
 * @throws {OperatorError} when something stands there already, or it cannot be written.
 */
export async function writeNewFile<T>(
  target: string,
  randomBytes: RandomBytes,
  fill: (write: (text: string) => Promise<void>) => Promise<T>,
): Promise<T> {
  if (existsSync(target)) throw new OperatorError(`${target} exists already; name a new file`)
  const temporary = `${target}.${randomBytes(8).toString('hex')}`
  const stream = createWriteStream(temporary, { flags: 'wx', mode: 0o600 })
  let failure: NodeJS.ErrnoException | undefined
  stream.on('error', (error) => {
    failure = error
  })
  try {
    await once(stream, 'open')
    const result = await fill(async (text) => {
      if (failure !== undefined) throw failure
      if (!stream.write(text)) await once(stream, 'drain')
    })
    stream.end()
    await once(stream, 'close')
    if (failure !== undefined) throw failure
    syncPath(temporary)
    linkSync(temporary, target)
    syncPath(dirname(target))
    return result
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (typeof code !== 'string' || error instanceof OperatorError) throw error
    throw new OperatorError(`${target} cannot be written (${code}); nothing was kept of it`)
  } finally {
    stream.destroy()
    rmSync(temporary, { force: true })
  }
}
