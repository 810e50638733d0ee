import { builtin } from '../builtin.ts'
import { readOwn, remove } from './store.ts'

const { closeSync, linkSync, openSync, readFileSync, renameSync, writeSync }: typeof import('node:fs') =
  builtin('node:fs')

/** What is known of who holds a lock. */
interface Owner {
  readonly pid: number
  /** When the process started, in the kernel's ticks, where that can be read: a pid is used again. */
  readonly started: string | undefined
  /** After this moment it holds it no more, in milliseconds since 1970. */
  readonly untilMs: number
}

/** What {@link takeLock} is told. */
export interface LockOptions {
  /** How long the holder may take, in milliseconds; after that others take the lock over. */
  readonly holdMs: number
  readonly pid: number
  readonly now: () => number
  readonly uid: number | undefined
}

/** Lets a lock go, if it is still the holder's. */
export type Release = () => void

/** An owner writes its name at once; a lock that is empty for longer was left by one that was killed in between. */
const NAMELESS_MS = 2_000

/**
 * Takes a lock if nobody holds it. A holder that is dead, or over its time, does not.
 *
 * @returns `undefined` when somebody else holds it.
 * @throws What the file system throws, when no lock can be made there.
 */
export function takeLock(path: string, options: LockOptions): Release | undefined {
  const { pid, now, holdMs } = options
  const text = JSON.stringify({ pid, started: startOf(pid), untilMs: now() + holdMs } satisfies Owner)
  if (!writeExclusive(path, text) && !(clearStale(path, options) && writeExclusive(path, text)))
    return undefined
  return () => {
    if (readOwn(path, options.uid)?.text === text) remove(path)
  }
}

function writeExclusive(path: string, text: string): boolean {
  let descriptor: number
  try {
    descriptor = openSync(path, 'wx', 0o600)
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw fault
  }
  try {
    writeSync(descriptor, text)
    return true
  } catch (fault) {
    remove(path)
    throw fault
  } finally {
    closeSync(descriptor)
  }
}

/** Takes a stale lock away. Only one of several who find it stale does: who renamed a new one by then puts it back. */
function clearStale(path: string, options: LockOptions): boolean {
  const found = readOwn(path, options.uid)
  if (found !== undefined && isHeld(found, options)) return false
  const aside = path.replace(/lock$/, `${crypto.randomUUID()}.stale`)
  try {
    renameSync(path, aside)
  } catch {
    return true
  }
  if (readOwn(aside, options.uid)?.text !== found?.text) {
    try {
      linkSync(aside, path)
    } catch {
      // A third one has it already.
    }
  }
  remove(aside)
  return true
}

function isHeld({ text, stats }: { text: string; stats: { mtimeMs: number } }, { now, holdMs }: LockOptions) {
  const owner = parseOwner(text)
  if (owner === undefined) return now() - stats.mtimeMs < Math.min(NAMELESS_MS, holdMs)
  return now() < owner.untilMs && isAlive(owner)
}

function parseOwner(text: string): Owner | undefined {
  try {
    const { pid, started, untilMs } = Object(JSON.parse(text)) as Partial<Record<keyof Owner, unknown>>
    if (!Number.isSafeInteger(pid) || (pid as number) <= 0 || typeof untilMs !== 'number') return undefined
    return { pid: pid as number, started: typeof started === 'string' ? started : undefined, untilMs }
  } catch {
    return undefined
  }
}

function isAlive({ pid, started }: Owner): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    // The folder is one user's: a process that may not be asked is another's, and the owner's pid was used again.
    return false
  }
  return started === undefined || started === startOf(pid)
}

/** proc(5): field 22 of stat; the name before it can hold anything but ends at the last parenthesis. */
function startOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\)/s, '').split(' ')[20]
  } catch {
    return undefined
  }
}
