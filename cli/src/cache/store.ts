import type { Stats } from 'node:fs'
import { dirname, join } from 'node:path'
import { builtin } from '../builtin.ts'

const {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
}: typeof import('node:fs') = builtin('node:fs')

const OWNER_ONLY = 0o600
const FOLDER_MODE = 0o700
const OTHERS = 0o077
const MAX_FILE_BYTES = 64 * 1024
const NO_FOLLOW = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/** The cache cannot be used: a reason for people. Nothing but an exchange more comes of it. */
export class CacheFault extends Error {
  override readonly name = 'CacheFault'
}

/**
 * Makes the cache's folder (0700) where it lacks. One that is ours and open to others is closed to them; a symbolic link
 * is not followed.
 *
 * @throws {CacheFault} when it is not a folder of ours, or cannot be made.
 */
export function openFolder(folder: string, uid: number | undefined): void {
  attempt(() => makeFolder(folder))
  // Windows opens no folders, and has no owner and mode to look at.
  if (uid === undefined) return
  const descriptor = attempt(() => openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY | NO_FOLLOW))
  try {
    const stats = fstatSync(descriptor)
    if (stats.uid !== uid) throw new CacheFault('belongs to another user')
    if ((stats.mode & OTHERS) !== 0) attempt(() => fchmodSync(descriptor, FOLDER_MODE))
  } finally {
    closeSync(descriptor)
  }
}

/** Not by `recursive`: there Node tries for ever where a folder takes no folders and says ENOENT, as `/proc` does. */
function makeFolder(folder: string, again = true): void {
  try {
    mkdirSync(folder, FOLDER_MODE)
  } catch (fault) {
    const { code } = fault as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || !again || dirname(folder) === folder) throw fault
    makeFolder(dirname(folder))
    makeFolder(folder, false)
  }
}

/** Reads a small file of ours alone; anything else that stands there, or nothing, is `undefined`. */
export function readOwn(path: string, uid: number | undefined): { text: string; stats: Stats } | undefined {
  let descriptor: number
  try {
    descriptor = openSync(path, constants.O_RDONLY | NO_FOLLOW)
  } catch {
    return undefined
  }
  try {
    const stats = fstatSync(descriptor)
    if (!stats.isFile() || stats.size > MAX_FILE_BYTES) return undefined
    if (uid !== undefined && (stats.uid !== uid || (stats.mode & OTHERS) !== 0)) return undefined
    const bytes = Buffer.alloc(stats.size)
    const length = readSync(descriptor, bytes, 0, bytes.length, 0)
    return { text: bytes.toString('utf8', 0, length), stats }
  } catch {
    return undefined
  } finally {
    closeSync(descriptor)
  }
}

/**
 * Puts a file in its place whole or not at all, over whatever stands there: a new one beside it, on the disk before its
 * name is.
 *
 * @throws {CacheFault} when the disk does not take it.
 */
export function writeWhole(path: string, text: string): void {
  const temporary = `${path}.${crypto.randomUUID()}.tmp`
  attempt(() => {
    try {
      writeNew(temporary, text)
      renameSync(temporary, path)
    } catch (fault) {
      remove(temporary)
      throw fault
    }
  })
}

function writeNew(path: string, text: string): void {
  const descriptor = openSync(path, 'wx', OWNER_ONLY)
  try {
    const bytes = Buffer.from(text)
    for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Removes a file if it is there and can be removed. */
export function remove(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // It is gone, or stays: nothing depends on it.
  }
}

const ours = /^[0-9a-f]{40}(?:\.(?:lock|[0-9a-f-]{36}\.(?:tmp|stale)))?$/
const LONGEST_LIFE_MS = 86_400_000
const LONGEST_WRITE_MS = 60_000
const MOST_TOKENS = 64

/** Removes what nobody uses any more: spent tokens, what a killed process left, and the oldest of too many. */
export function sweep(folder: string, nowMs: number): void {
  const tokens: { path: string; ageMs: number }[] = []
  for (const name of attempt(() => readdirSync(folder)).filter((each) => ours.test(each))) {
    const path = join(folder, name)
    const stats = lstatSync(path, { throwIfNoEntry: false })
    if (stats === undefined) continue
    const ageMs = nowMs - stats.mtimeMs
    const longestMs = /tmp$|stale$/.test(name) ? LONGEST_WRITE_MS : LONGEST_LIFE_MS
    if (ageMs > longestMs) remove(path)
    else if (!name.includes('.')) tokens.push({ path, ageMs })
  }
  tokens.sort((one, other) => one.ageMs - other.ageMs)
  for (const { path } of tokens.slice(MOST_TOKENS)) remove(path)
}

function attempt<T>(action: () => T): T {
  try {
    return action()
  } catch (fault) {
    const { code } = fault as NodeJS.ErrnoException
    if (code === 'ELOOP' || code === 'ENOTDIR' || code === 'EEXIST')
      throw new CacheFault('is not a folder, or is reached by a symbolic link')
    throw new CacheFault(`cannot be used (${code ?? 'unknown'})`)
  }
}
