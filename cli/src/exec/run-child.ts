import { constants } from 'node:os'
import { isatty } from 'node:tty'
import { builtin } from '../builtin.ts'
import { EXIT, Refusal } from '../exit-codes.ts'
import type { Environment } from './child-environment.ts'
import { ABSENT } from './find-program.ts'
import { callWitness, FORWARDED, type Forwarded, type Witness } from './witness.ts'

/** What a terminal sends by itself. */
const FROM_TERMINAL: readonly Forwarded[] = ['SIGHUP', 'SIGINT', 'SIGQUIT']
/** Those that end this process as well, without a core dump of Node. */
const RAISED: readonly string[] = ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGKILL', 'SIGUSR1', 'SIGUSR2', 'SIGALRM']

/**
 * Runs a command as a child that shares the terminal, and waits for its end. A signal that came to this process alone is
 * sent on; what came to the whole process group the command has already. When a signal ends the command it ends this
 * process too.
 *
 * @returns The command's exit code, or 128 and the number of the signal.
 * @throws {Refusal} 126 or 127 when it cannot be started.
 */
export async function runChild(
  own: NodeJS.Process,
  [name = '', ...args]: readonly string[],
  env: Environment,
): Promise<number> {
  const { spawn }: typeof import('node:child_process') = builtin('node:child_process')
  const child = attempt(() => spawn(name, args, { env: { ...env }, stdio: 'inherit' }))
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', (fault) => reject(describe(fault)))
    child.on('exit', (code, signal) => resolve(signal === null ? (code ?? EXIT.other) : endBy(own, signal)))
  })
  if (child.pid === undefined) return ended
  const witness = own.platform === 'win32' ? undefined : callWitness(child.pid)
  for (const signal of FORWARDED) {
    own.removeAllListeners(signal)
    own.on(signal, async () => {
      if (witness !== undefined && !(await reachedGroup(signal, witness))) child.kill(signal)
    })
  }
  return ended.finally(() => witness?.dismiss())
}

async function reachedGroup(signal: Forwarded, witness: Witness): Promise<boolean> {
  const saw = await witness.sawIt(signal)
  return saw ?? (FROM_TERMINAL.includes(signal) && [0, 1, 2].some(isatty))
}

function endBy(own: NodeJS.Process, signal: NodeJS.Signals): number {
  if (RAISED.includes(signal)) {
    own.removeAllListeners(signal)
    own.kill(own.pid, signal)
  }
  return 128 + constants.signals[signal]
}

function attempt<T>(action: () => T): T {
  try {
    return action()
  } catch (fault) {
    throw describe(fault)
  }
}

function describe(fault: unknown): Refusal {
  const { code = 'unknown' } = fault as NodeJS.ErrnoException
  if (code === 'ENOENT') return new Refusal(EXIT.commandAbsent, ABSENT)
  return new Refusal(EXIT.commandUnusable, `the command cannot be run (${code}); check that it is a program`)
}
