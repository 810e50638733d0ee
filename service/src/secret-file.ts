import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs'
import { StartupError } from './startup-error.ts'

/** More than this is no secret but a mistake. */
const MAX_SECRET_FILE_BYTES = 16_384

/** How a secret's file is spoken of, and what it may be. */
export interface SecretFile {
  /** What the file is, for the message. */
  readonly name: string
  /** What to do when it is missing. */
  readonly whenMissing?: string
  /** The most that such a file has; 16 KiB unless told. */
  readonly maxBytes?: number
  /** The user who reads; that of this process unless told. */
  readonly user?: number | undefined
}

/**
 * Reads a file that holds one secret: a regular file of at most 16 KiB that nobody else can read. What root has laid down
 * for the group of this process may be read by that group, as systemd and Kubernetes do it.
 *
 * @returns the text without the newline at its end.
 * @throws {StartupError} when it is absent, not such a file, open to others or of another user.
 */
export function readSecretFile(path: string, { name, ...file }: SecretFile): string {
  // What is looked at is what is read, and a pipe in its place is not waited for.
  const descriptor = openSecretFile(path, name, file.whenMissing ?? 'check its path')
  try {
    refuseOpenFile(
      { user: process.getuid?.(), maxBytes: MAX_SECRET_FILE_BYTES, name, ...file },
      fstatSync(descriptor),
    )
    return readFileSync(descriptor, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    if (error instanceof StartupError) throw error
    throw new StartupError(`${name} cannot be read (${errorCode(error)})`)
  } finally {
    closeSync(descriptor)
  }
}

type Judged = Pick<SecretFile, 'name' | 'user'> & { readonly maxBytes: number }

function openSecretFile(path: string, name: string, whenMissing: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') throw new StartupError(`${name} is missing; ${whenMissing}`)
    throw new StartupError(`${name} cannot be read (${errorCode(error)})`)
  }
}

function refuseOpenFile({ name, maxBytes, user }: Judged, file: Stats): void {
  if (!file.isFile() || file.size > maxBytes)
    throw new StartupError(`${name} is not a regular file of at most ${maxBytes} bytes`)
  if (process.platform === 'win32') return
  const mode = file.mode & 0o777
  const allowed = file.uid === 0 && user !== 0 ? 0o740 : 0o700
  if ((mode & ~allowed) !== 0)
    throw new StartupError(`${name} can be read by others (mode ${mode.toString(8)}); run chmod 600 on it`)
  if (file.uid !== 0 && file.uid !== user)
    throw new StartupError(`${name} belongs to another user; run chown on it`)
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}
