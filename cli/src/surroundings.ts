import { homedir, hostname, uptime } from 'node:os'
import type { Finding } from './credentials/credential.ts'
import { printable } from './output.ts'

/** All that a command reads of the machine and writes to it, handed in by an entry. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly platform: string
  /** The user's home folder; asked for only where it is needed. */
  readonly home: () => string
  /** The effective user, or `undefined` where files have no owner and mode to compare. */
  readonly uid: number | undefined
  /** Opened when it is first asked for, as is standard output: each costs time, and not every command reads. */
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WritableStream
  /** The clock, in milliseconds since 1970. */
  readonly now: () => number
  /** How long the machine has run, in seconds: a clock that nobody sets, and the same for every process. */
  readonly uptime: () => number
  readonly hostname: () => string
  /** The process itself, for what replaces it or ends with it. */
  readonly own: NodeJS.Process
  /** Writes one line for people to standard error. */
  readonly say: (line: string) => void
  /** Writes a question to standard error, where the answer is typed after it. */
  readonly prompt: (text: string) => void
  /** Asks the system's keychain; the skill's script has none. */
  readonly keychain: (() => Finding) | undefined
  /** Adds what is to be cleaned up when a signal ends the command early. */
  readonly atSignal: (cleanUp: () => void) => void
}

/** Gives a process's surroundings. SIGHUP, SIGINT and SIGTERM end it with 128 and their number from now on. */
export function surroundingsOf(
  own: NodeJS.Process,
  readKeychain?: (surroundings: Surroundings) => Finding,
  now: () => number = Date.now,
): Surroundings {
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
  const surroundings: Surroundings = {
    env: own.env,
    platform: own.platform,
    home: homedir,
    uid: own.geteuid?.(),
    get stdin() {
      return own.stdin
    },
    get stdout() {
      return own.stdout
    },
    now,
    uptime,
    hostname,
    own,
    say: (line) => {
      // A reader of standard error that has gone is nobody's fault.
      if (own.stderr.listenerCount('error') === 0) own.stderr.on('error', () => {})
      own.stderr.write(`interhuman-auth: ${printable(line)}\n`)
    },
    prompt: (text) => {
      own.stderr.write(text)
    },
    keychain: readKeychain && (() => readKeychain(surroundings)),
    atSignal: (cleanUp) => cleanUps.push(cleanUp),
  }
  return surroundings
}
