import { lstat, opendir, realpath } from 'node:fs/promises'
import { join } from 'node:path'

/** What a walk comes upon. */
export type WalkStep =
  | { readonly kind: 'file'; readonly path: string }
  /** What is in it comes later. */
  | { readonly kind: 'folder'; readonly path: string }
  /** A symbolic link inside a folder; what it points to is inside as well, or was not asked for. */
  | { readonly kind: 'link'; readonly path: string }
  | { readonly kind: 'unreadable'; readonly path: string; readonly code: string }

/**
 * Walks the files below some paths. A path that is a symbolic link itself is followed, one inside a folder is not, so that a
 * walk ends and stays where it was asked to be. What is neither a file nor a folder is passed over: reading a pipe would wait
 * for ever.
 */
export async function* walkFiles(paths: readonly string[]): AsyncGenerator<WalkStep> {
  for (const path of paths) yield* walkPath(path)
}

async function* walkPath(path: string): AsyncGenerator<WalkStep> {
  const folders: string[] = []
  try {
    const real = await realpath(path)
    const stats = await lstat(real)
    if (stats.isFile()) yield { kind: 'file', path: real }
    else if (stats.isDirectory()) folders.push(real)
    else yield { kind: 'unreadable', path, code: 'neither a file nor a folder' }
  } catch (error) {
    yield unreadable(path, error)
  }
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    yield { kind: 'folder', path: folder }
    try {
      for await (const entry of await opendir(folder)) {
        const inside = join(folder, entry.name)
        if (entry.isDirectory()) folders.push(inside)
        else if (entry.isFile()) yield { kind: 'file', path: inside }
        else if (entry.isSymbolicLink()) yield { kind: 'link', path: inside }
      }
    } catch (error) {
      yield unreadable(folder, error)
    }
  }
}

function unreadable(path: string, error: unknown): WalkStep {
  return { kind: 'unreadable', path, code: errorCode(error) }
}

/** The code of a failure of the file system. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}
