import type { ChildProcess } from 'node:child_process'
import { builtin } from '../builtin.ts'

/** The signals that a command is sent on. */
export const FORWARDED = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const

/** One of {@link FORWARDED}. */
export type Forwarded = (typeof FORWARDED)[number]

/** Tells a signal that came to the whole process group from one that came to this process alone. */
export interface Witness {
  /** Says whether the group has got a signal that has just come, or `undefined` when nobody can say. */
  readonly sawIt: (signal: Forwarded) => Promise<boolean | undefined>
  /** Ends it, in peace. */
  readonly dismiss: () => void
}

const SHELL = '/bin/sh'
const ANSWERS_WITHIN_MS = 5000
const FIRST_CODE = 10
/** Ends at the first signal, and says which, or at a line. When the pipe breaks with none, this process was killed: so ends the command. */
const SCRIPT = `${FORWARDED.map((signal, at) => `trap "exit ${FIRST_CODE + at}" ${signal.slice(3)}`).join('; ')}; read _ || kill -TERM "$1"`

/**
 * Starts a shell in the same process group that does nothing but wait. Node does not say who sent a signal: what a terminal
 * sends to its foreground group has reached the command, and the witness, as well; what `kill` sends to this process alone
 * has not. A witness that is asked ends, by the signal if it has got one: a signal that is there comes before a line that is
 * written later, however slow the machine is. So each signal has a witness of its own.
 */
export function callWitness(commandPid: number): Witness {
  let current = start(commandPid)
  return {
    sawIt: async (signal) => {
      const asked = current
      current = start(commandPid)
      if (asked === undefined) return undefined
      asked.stdin?.end('\n')
      if (!(await endsWithin(asked, ANSWERS_WITHIN_MS))) return undefined
      return asked.signalCode === signal || asked.exitCode === FIRST_CODE + FORWARDED.indexOf(signal)
    },
    dismiss: () => {
      current?.stdin?.end('\n')
    },
  }
}

function start(commandPid: number): ChildProcess | undefined {
  const { spawn }: typeof import('node:child_process') = builtin('node:child_process')
  try {
    const child = spawn(SHELL, ['-c', SCRIPT, 'sh', String(commandPid)], {
      cwd: '/',
      env: {},
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    child.on('error', () => {})
    child.stdin.on('error', () => {})
    child.unref()
    return child.pid === undefined ? undefined : child
  } catch {
    return undefined
  }
}

function endsWithin(child: ChildProcess, waitMs: number): Promise<boolean> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(true)
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), waitMs)
    child.once('exit', () => {
      clearTimeout(timer)
      resolve(true)
    })
  })
}
