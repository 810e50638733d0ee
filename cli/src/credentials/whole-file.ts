import { dirname, join } from 'node:path'
import { builtin } from '../builtin.ts'

const { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync }: typeof import('node:fs') =
  builtin('node:fs')

const OWNER_ONLY = 0o600

/**
 * Puts a file in its place whole or not at all: a new one beside it (0600), flushed to the disk, then renamed, and the
 * folder flushed as well. Nothing can come in between, as nothing here is waited for.
 *
 * @throws What the file system says; then the file is as it was.
 */
export function writeWholeFile(path: string, text: string): void {
  const temporary = join(dirname(path), `.credentials.${crypto.randomUUID()}.tmp`)
  const descriptor = openSync(temporary, 'wx', OWNER_ONLY)
  try {
    try {
      const bytes = Buffer.from(text)
      for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(temporary, path)
  } catch (fault) {
    rmSync(temporary, { force: true })
    throw fault
  }
  flushFolder(dirname(path))
}

/** Makes the renaming last. Not every system can open a folder, and there it is the system's own affair. */
export function flushFolder(folder: string): void {
  try {
    const descriptor = openSync(folder, 'r')
    try {
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
  } catch {}
}
