import { dirname } from 'node:path'
import { builtin } from './builtin.ts'

const {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  mkdirSync,
  openSync,
}: typeof import('node:fs') = builtin('node:fs')

const FOLDER_MODE = 0o700
const OTHERS = 0o077

/** A folder of ours, or what is to be in it, cannot be used: a reason for people, which follows the folder's name. */
export class FolderFault extends Error {
  override readonly name = 'FolderFault'
}

/**
 * Makes a folder of ours (0700) where it lacks. One that is ours and open to others is closed to them; a symbolic link is
 * not followed.
 *
 * @throws {FolderFault} when it is not a folder of ours, or cannot be made.
 */
export function openFolder(folder: string, uid: number | undefined): void {
  inFolder(() => makeFolder(folder))
  // Windows opens no folders, and has no owner and mode to look at.
  if (uid === undefined) return
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const descriptor = inFolder(() => openSync(folder, flags))
  try {
    const stats = fstatSync(descriptor)
    if (stats.uid !== uid) throw new FolderFault('belongs to another user')
    if ((stats.mode & OTHERS) !== 0) inFolder(() => fchmodSync(descriptor, FOLDER_MODE))
  } finally {
    closeSync(descriptor)
  }
}

/**
 * Makes a folder (0700) and those above it where they lack; whatever is there already is left. Not by `recursive`: there
 * Node tries for ever where a folder takes no folders and says ENOENT, as `/proc` does.
 *
 * @throws What the file system says.
 */
export function makeFolder(folder: string, again = true): void {
  try {
    mkdirSync(folder, FOLDER_MODE)
  } catch (fault) {
    const { code } = fault as NodeJS.ErrnoException
    // Not every system says EEXIST of what is there: a root can be EISDIR or EPERM.
    if (code !== 'ENOENT' && existsSync(folder)) return
    if (code !== 'ENOENT' || !again || dirname(folder) === folder) throw fault
    makeFolder(dirname(folder))
    makeFolder(folder, false)
  }
}

/**
 * Does something in a folder of ours.
 *
 * @throws {FolderFault} for what the file system says.
 */
export function inFolder<T>(action: () => T): T {
  try {
    return action()
  } catch (fault) {
    const { code } = fault as NodeJS.ErrnoException
    if (code === 'ELOOP' || code === 'ENOTDIR' || code === 'EEXIST')
      throw new FolderFault('is not a folder, or is reached by a symbolic link')
    throw new FolderFault(`cannot be used (${code ?? 'unknown'})`)
  }
}
