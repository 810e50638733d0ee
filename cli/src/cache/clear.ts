import { join } from 'node:path'
import { builtin } from '../builtin.ts'
import { CACHE_FILE } from './place.ts'

const { lstatSync, readdirSync, unlinkSync }: typeof import('node:fs') = builtin('node:fs')

const NOTHING_THERE = ['ENOENT', 'ENOTDIR']

/** What became of the tokens in a cache. */
export interface Clearing {
  readonly removed: number
  /** The system's code, when a file that may hold a token could not be removed. */
  readonly problem?: string
}

/**
 * Removes every token from the cache, whichever key it is of, and what a killed process left of one. A folder that the
 * cache would not use is left; so are the locks, which hold no token.
 */
export function clearCache(folder: string, uid: number | undefined): Clearing {
  let removed = 0
  let problem: string | undefined
  const attempt = (action: () => void) => {
    try {
      action()
    } catch (fault) {
      const { code = 'unknown' } = fault as NodeJS.ErrnoException
      if (!NOTHING_THERE.includes(code)) problem = code
    }
  }
  attempt(() => {
    for (const name of listTokens(folder, uid))
      attempt(() => {
        unlinkSync(join(folder, name))
        if (!name.includes('.')) removed += 1
      })
  })
  return problem === undefined ? { removed } : { removed, problem }
}

function listTokens(folder: string, uid: number | undefined): string[] {
  const stats = lstatSync(folder)
  if (!stats.isDirectory() || (uid !== undefined && stats.uid !== uid)) return []
  return readdirSync(folder).filter((name) => CACHE_FILE.test(name) && !name.endsWith('.lock'))
}
