import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** The command's own file, as an installer links it. */
export const BIN = fileURLToPath(new URL('../../bin/interhuman-auth.js', import.meta.url))

/** The id and the secret that the tests use. */
export const KEY_ID = 'ihk_LEAKid'
export const KEY_SECRET = 'LEAK-secret-"ü\\-end'

/** How a process ended, and what it wrote. */
export interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: Buffer
  readonly stderr: string
}

/** How a command is run. */
export interface RunOptions {
  /** The whole environment, but for an empty home folder. */
  readonly env?: Readonly<Record<string, string>>
  /** What runs, Node if absent. */
  readonly program?: string
  /** What Node runs, the command's file if absent. */
  readonly file?: string
  readonly cwd?: string
  /** What is on standard input, which is empty if absent. */
  readonly stdin?: string
  /** Whether it has a process group, and a session, of its own. */
  readonly detached?: boolean
  /** Called with the running process. */
  readonly whileRunning?: (child: ChildProcess) => void
}

/** The environment that holds the tests' key, and an address. */
export function keyEnvironment(apiUrl: string): Record<string, string> {
  return { INTERHUMAN_KEY_ID: KEY_ID, INTERHUMAN_KEY_SECRET: KEY_SECRET, INTERHUMAN_API_URL: apiUrl }
}

/** A folder of its own that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-cli-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Runs a line of shell in which `$auth` is the built command, 20 seconds at most. */
export function runShell(line: string, env: Readonly<Record<string, string>>): Promise<Ended> {
  const command = `auth() { "${process.execPath}" "${BIN}" "$@"; }; ${line.replaceAll('$auth', 'auth')}`
  return runCommand(['-c', command], { program: '/bin/sh', env: { PATH: '/usr/bin:/bin', ...env } })
}

/** Runs the built command as a process to its end, 20 seconds at most. */
export function runCommand(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const home = temporaryFolder()
  const start = options.program === undefined ? [options.file ?? BIN, ...args] : args
  const child = spawn(options.program ?? process.execPath, start, {
    cwd: options.cwd ?? home,
    env: { HOME: home, ...options.env },
    detached: options.detached ?? false,
    stdio: [options.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  })
  // A command need not read what it is given.
  child.stdin?.on('error', () => {}).end(options.stdin)
  const limit = setTimeout(() => child.kill('SIGKILL'), 20_000)
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout?.on('data', (chunk) => stdout.push(chunk))
  child.stderr?.on('data', (chunk) => stderr.push(chunk))
  options.whileRunning?.(child)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(limit)
      resolve({ code, signal, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString('utf8') })
    })
  })
}
