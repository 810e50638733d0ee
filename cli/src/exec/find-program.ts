import type { Stats } from 'node:fs'
import { join } from 'node:path'
import { builtin } from '../builtin.ts'
import { EXIT, Refusal } from '../exit-codes.ts'

const { accessSync, constants, statSync }: typeof import('node:fs') = builtin('node:fs')

/** Where execvp(3) looks when there is no PATH. */
const DEFAULT_PATH = '/bin:/usr/bin'

/**
 * Refuses a command that cannot be run before anything is asked for its sake. What is found is not kept: the system looks
 * again.
 *
 * @throws {Refusal} 127 when there is none of that name, 126 when it is no program of ours to run.
 */
export function refuseAbsentProgram(name: string, env: Readonly<Record<string, string | undefined>>): void {
  const folders = name.includes('/') ? [undefined] : (env.PATH ?? DEFAULT_PATH).split(':')
  const found = folders.flatMap((folder) => look(folder === undefined ? name : join(folder || '.', name)))
  if (found.includes('program')) return
  if (found.length === 0) throw new Refusal(EXIT.commandAbsent, ABSENT)
  throw new Refusal(EXIT.commandUnusable, 'the command is no file that may be run; check its mode')
}

/** What is said of a command that is nowhere. */
export const ABSENT = 'the command was not found; check its name, and PATH'

function look(path: string): ('program' | 'other')[] {
  let stats: Stats | undefined
  try {
    stats = statSync(path, { throwIfNoEntry: false })
    if (stats === undefined) return []
    accessSync(path, constants.X_OK)
    return stats.isFile() ? ['program'] : ['other']
  } catch {
    return stats === undefined ? [] : ['other']
  }
}
