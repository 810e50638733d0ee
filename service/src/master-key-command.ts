import { type ChildProcess, spawn } from 'node:child_process'
import { StartupError } from './startup-error.ts'

/** A program and its arguments. */
export interface MasterKeyCommand {
  /** Absolute: which program runs must not depend on a search path. */
  readonly program: string
  readonly args: readonly string[]
}

/** How long the command may take unless told, in milliseconds. */
export const MASTER_KEY_COMMAND_TIMEOUT_MS = 10_000

/** More than this is no master key. */
const MAX_OUTPUT_BYTES = 1024

const NAME = 'the master key command'

/**
 * Runs a command, without a shell, and gives back what it wrote on standard output. What it writes on standard error is
 * thrown away: it may hold a secret.
 *
 * @throws {StartupError} when it cannot be run, fails, writes too much, or is not done in time; then it and whatever it
 *   started are ended.
 */
export function readCommandOutput(
  command: MasterKeyCommand,
  timeoutMs: number = MASTER_KEY_COMMAND_TIMEOUT_MS,
): Promise<string> {
  return new Promise((resolve, reject) => {
    // In a process group of its own, so that what it started can be ended with it.
    const child = spawn(command.program, [...command.args], {
      stdio: ['ignore', 'pipe', 'ignore'],
      shell: false,
      detached: process.platform !== 'win32',
      windowsHide: true,
    })
    const chunks: Buffer[] = []
    let size = 0
    function fail(reason: string): void {
      clearTimeout(timer)
      reject(new StartupError(`${NAME} ${reason}`))
    }
    function cutOff(reason: string): void {
      end(child)
      fail(reason)
    }
    const timer = setTimeout(() => cutOff(`was not done within ${timeoutMs} ms`), timeoutMs)
    child.on('error', (error: NodeJS.ErrnoException) => fail(`cannot be run (${error.code ?? 'unknown'})`))
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > MAX_OUTPUT_BYTES) cutOff(`wrote more than ${MAX_OUTPUT_BYTES} bytes`)
      else chunks.push(chunk)
    })
    child.on('close', (code, signal) => {
      if (code !== 0)
        return fail(signal === null ? `failed with exit code ${code}` : `was ended by ${signal}`)
      clearTimeout(timer)
      resolve(Buffer.concat(chunks).toString())
    })
  })
}

function end(child: ChildProcess): void {
  child.stdout?.destroy()
  if (child.pid === undefined) return
  try {
    if (process.platform === 'win32') child.kill('SIGKILL')
    else process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
