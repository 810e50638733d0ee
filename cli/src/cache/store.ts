import type { Stats } from 'node:fs'
import { join } from 'node:path'
import { builtin } from '../builtin.ts'
import { inFolder } from '../own-folder.ts'
import { CACHE_FILE } from './place.ts'

const {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
}: typeof import('node:fs') = builtin('node:fs')

const OWNER_ONLY = 0o600
const OTHERS = 0o077
const MAX_FILE_BYTES = 64 * 1024
const NO_FOLLOW = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

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
 * @throws {FolderFault} when the disk does not take it.
 */
export function writeWhole(path: string, text: string): void {
  const temporary = `${path}.${crypto.randomUUID()}.tmp`
  inFolder(() => {
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

const LONGEST_LIFE_MS = 86_400_000
const LONGEST_WRITE_MS = 60_000
const MOST_TOKENS = 64

/** Removes what nobody uses any more: spent tokens, what a killed process left, and the oldest of too many. */
export function sweep(folder: string, nowMs: number): void {
  const tokens: { path: string; ageMs: number }[] = []
  for (const name of inFolder(() => readdirSync(folder)).filter((each) => CACHE_FILE.test(each))) {
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
