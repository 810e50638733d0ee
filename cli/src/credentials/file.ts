import { isUtf8 } from 'node:buffer'
import type { Stats } from 'node:fs'
import { posix, win32 } from 'node:path'
import { builtin } from '../builtin.ts'
import type { Surroundings } from '../surroundings.ts'
import { API_URL_NAME, type Finding, KEY_ID_NAME, KEY_SECRET_NAME, readCredential } from './credential.ts'
import { parseDotenv } from './dotenv.ts'

const { closeSync, constants, fstatSync, openSync, readSync }: typeof import('node:fs') = builtin('node:fs')

const MAX_FILE_BYTES = 64 * 1024
const PERMISSIONS = 0o7777
const OTHERS = 0o077

/** Gives the place of the credentials file that nobody named: the XDG folder where one is set, or the platform's own. */
export function defaultFilePath({ env, platform, home }: Pick<Surroundings, 'env' | 'platform' | 'home'>) {
  const { join, isAbsolute } = platform === 'win32' ? win32 : posix
  const settled = [env.XDG_CONFIG_HOME, platform === 'win32' ? env.APPDATA : undefined]
  // XDG base directories: a relative path is to be ignored.
  const folder = settled.find((path) => path !== undefined && isAbsolute(path))
  return join(folder ?? join(home(), ...platformFolder(platform)), 'interhuman', 'credentials.env')
}

function platformFolder(platform: string): string[] {
  if (platform === 'darwin') return ['Library', 'Application Support']
  return platform === 'win32' ? ['AppData', 'Roaming'] : ['.config']
}

/**
 * Reads a credentials file. What is checked is the file that was opened, so that nothing can be put in its place in
 * between; a symbolic link may lead to it. Refused: what others can read, another user's, what is not a regular file or
 * is larger than 64 KiB, and text that cannot be read without guessing.
 *
 * @see Our contract, section 9
 */
export function readCredentialsFile(path: string, uid: number | undefined): Finding {
  let descriptor: number
  try {
    // Without O_NONBLOCK the opening of a pipe would wait for a writer.
    descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (fault) {
    const { code } = fault as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'absent' }
    return { kind: 'refused', reason: `cannot be opened (${code})` }
  }
  try {
    return readOpened(descriptor, uid)
  } finally {
    closeSync(descriptor)
  }
}

function readOpened(descriptor: number, uid: number | undefined): Finding {
  const stats = fstatSync(descriptor)
  const mode = uid === undefined ? undefined : (stats.mode & PERMISSIONS).toString(8).padStart(4, '0')
  const refused = (reason: string): Finding => ({ kind: 'refused', reason, mode })
  const unsafe = unsafeBecause(stats, uid)
  if (unsafe !== undefined) return refused(unsafe)
  const bytes = readAll(descriptor)
  if (bytes === undefined) return refused('is larger than 64 KiB')
  if (!isUtf8(bytes)) return refused('is not UTF-8 text')
  const reading = parseDotenv(bytes.toString('utf8'), [KEY_ID_NAME, KEY_SECRET_NAME, API_URL_NAME])
  if ('problem' in reading) return refused(`cannot be read: ${reading.problem}`)
  const finding = readCredential((name) => reading.values.get(name))
  if (finding.kind === 'absent') return refused(`holds neither ${KEY_ID_NAME} nor ${KEY_SECRET_NAME}`)
  return { ...finding, mode }
}

/**
 * Reads a file's text, which is empty where there is no file; `undefined` if it is larger than 64 KiB or not UTF-8.
 *
 * @throws What the file system says.
 */
export function readText(path: string): string | undefined {
  let descriptor: number
  try {
    descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw fault
  }
  try {
    const bytes = readAll(descriptor)
    return bytes !== undefined && isUtf8(bytes) ? bytes.toString('utf8') : undefined
  } finally {
    closeSync(descriptor)
  }
}

function unsafeBecause(stats: Stats, uid: number | undefined): string | undefined {
  if (!stats.isFile()) return 'is not a regular file'
  if (uid === undefined) return undefined
  if (stats.uid !== uid) return 'belongs to another user'
  return (stats.mode & OTHERS) === 0 ? undefined : 'is open to others; run chmod 600 on it'
}

function readAll(descriptor: number): Buffer | undefined {
  const bytes = Buffer.alloc(MAX_FILE_BYTES + 1)
  let length = 0
  for (;;) {
    const read = readSync(descriptor, bytes, length, bytes.length - length, null)
    length += read
    if (length > MAX_FILE_BYTES) return undefined
    if (read === 0) return bytes.subarray(0, length)
  }
}
