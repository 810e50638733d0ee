import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import type { RandomBytes } from '../base62.ts'
import { OperatorError } from '../operator-error.ts'
import { writeNewFile } from '../transfer/write-file.ts'
import { readSecretRows, type SecretRow, type SecretsHeader } from './secret-rows.ts'

/** A file of secrets that is open. */
export interface SecretsFile {
  /** How many keys it holds. */
  readonly rows: number
  /** The last of them, as many as were asked for. */
  readonly newest: readonly SecretRow[]
  /**
   * Brings rows to the disk, behind those that are there. To be called by one at a time, whoever imports.
   *
   * @throws {OperatorError} when another one has written since, or it cannot be written.
   */
  append(rows: readonly SecretRow[]): void
  close(): void
}

/**
 * Opens the file of secrets of an import, made new (0600) where there is none. A row that was cut off in the middle counts
 * for nothing and is written over.
 *
 * @param newest how many of the last rows are to be given.
 * @throws {OperatorError} when it belongs to anything else, or others can read it.
 */
export async function openSecretsFile(
  path: string,
  header: SecretsHeader,
  newest: number,
  randomBytes: RandomBytes,
): Promise<SecretsFile> {
  let descriptor = openExisting(path)
  if (descriptor === undefined) {
    await writeNewFile(path, randomBytes, (write) => write(`${JSON.stringify(header)}\n`))
    descriptor = openExisting(path)
    if (descriptor === undefined) throw new OperatorError(`${path} was removed at the same time`)
  }
  try {
    refuseOthers(path, descriptor)
    const { size } = fstatSync(descriptor)
    const { end, ...found } = await readSecretRows(path, header, newest)
    return { ...found, ...createWriter(path, descriptor, { size, end }) }
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
}

function openExisting(path: string): number | undefined {
  try {
    return openSync(path, 'r+')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new OperatorError(`${path} cannot be opened (${code}); name a new file`)
  }
}

function refuseOthers(path: string, descriptor: number): void {
  const file = fstatSync(descriptor)
  if (!file.isFile()) throw new OperatorError(`${path} is no regular file; name a new one`)
  if (process.platform !== 'win32' && ((file.mode & 0o077) !== 0 || file.uid !== process.getuid?.()))
    throw new OperatorError(`${path} belongs to another user or can be read by others; name a new file`)
}

/** @param place what the file has, and where its last whole row ends. */
function createWriter(
  path: string,
  descriptor: number,
  place: { readonly size: number; readonly end: number },
) {
  let { size, end } = place
  return {
    append(rows: readonly SecretRow[]) {
      const bytes = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
      try {
        if (fstatSync(descriptor).size !== size)
          throw new OperatorError(`another import writes ${path}; let it end`)
        if (size !== end) ftruncateSync(descriptor, end)
        for (let at = 0; at < bytes.length; )
          at += writeSync(descriptor, bytes, at, bytes.length - at, end + at)
        fsyncSync(descriptor)
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (typeof code !== 'string') throw error
        throw new OperatorError(
          `${path} cannot be written (${code}); the same command goes on where this one ended`,
        )
      }
      end += bytes.length
      size = end
    },
    close: () => closeSync(descriptor),
  }
}
