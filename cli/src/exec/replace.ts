import { builtin } from '../builtin.ts'
import type { Environment } from './child-environment.ts'

const { accessSync, constants }: typeof import('node:fs') = builtin('node:fs')

/** Runs a program by its name and arguments, as a shell would; POSIX has it, and nearly always here. */
const ENV_PROGRAM = '/usr/bin/env'
/** Far below what any system takes: beyond it the system refuses, and Node would abort. */
const MOST_BYTES = 100_000
/** Node ignores these, and what is ignored stays so in the program that replaces it; what is caught does not. */
const IGNORED_BY_NODE = ['SIGPIPE', 'SIGXFSZ'] as const

/**
 * Puts a command in the place of this process: its signals, terminal, exit code and end are then its own, and nobody
 * stands between. Returns where that cannot be done: Node before 22.15, Windows, no `env`, or a command that `env` would
 * take for an assignment or an option. The way leads over `env` since a failure of `process.execve` aborts Node.
 */
export function replaceProcess(own: NodeJS.Process, command: readonly string[], env: Environment): void {
  const [name = ''] = command
  if (own.execve === undefined || own.platform === 'win32' || /^-|=/.test(name)) return
  const entries = Object.entries(env).map(([key, value]) => `${key}=${value}`)
  const bytes = [...command, ...entries].reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0)
  if (bytes > MOST_BYTES || !canRun(ENV_PROGRAM)) return
  for (const signal of IGNORED_BY_NODE) own.on(signal, () => {})
  own.execve(ENV_PROGRAM, ['env', ...command], { ...env })
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
