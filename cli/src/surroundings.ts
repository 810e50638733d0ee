import { homedir } from 'node:os'
import { printable } from './output.ts'

/** All that a command reads of the machine and writes to it, handed in by an entry. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly platform: string
  /** The user's home folder; asked for only where it is needed. */
  readonly home: () => string
  /** The effective user, or `undefined` where files have no owner and mode to compare. */
  readonly uid: number | undefined
  readonly stdout: NodeJS.WritableStream
  /** Writes one line for people to standard error. */
  readonly say: (line: string) => void
  /** Adds what is to be cleaned up when a signal ends the command early. */
  readonly atSignal: (cleanUp: () => void) => void
}

/** Gives a process's surroundings. SIGHUP, SIGINT and SIGTERM end it with 128 and their number from now on. */
export function surroundingsOf(own: NodeJS.Process): Surroundings {
  const cleanUps: (() => void)[] = []
  for (const [signal, number] of [
    ['SIGHUP', 1],
    ['SIGINT', 2],
    ['SIGTERM', 15],
  ] as const) {
    own.on(signal, () => {
      for (const cleanUp of cleanUps) cleanUp()
      own.exit(128 + number)
    })
  }
  // A reader of standard error that has gone is nobody's fault.
  own.stderr.on('error', () => {})
  return {
    env: own.env,
    platform: own.platform,
    home: homedir,
    uid: own.geteuid?.(),
    stdout: own.stdout,
    say: (line) => own.stderr.write(`interhuman-auth: ${printable(line)}\n`),
    atSignal: (cleanUp) => cleanUps.push(cleanUp),
  }
}
