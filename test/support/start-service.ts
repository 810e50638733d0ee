import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readCredentialsFile } from './credentials.ts'

/** The service's command, built. */
export const SERVICE_COMMAND = fileURLToPath(
  new URL('../../service/bin/interhuman-auth-service.js', import.meta.url),
)

/** A machine that is busy with other tests is no load that a test meant. */
export const PATIENT = { INTERHUMAN_AUTH_MAX_LOOP_DELAY_MS: '60000' }

const START_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 20_000
const COMMAND_TIMEOUT_MS = 60_000

/** What a finished process left. */
export interface ProcessResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface ServiceOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Further arguments of `start`. */
  readonly args?: readonly string[]
  /** An existing data folder; a new one, removed at `stop`, unless given. */
  readonly dataDir?: string
  readonly port?: number
}

/** The real service, built, as a process of its own on a free port. */
export interface RunningService {
  readonly url: string
  readonly dataDir: string
  readonly pid: number
  /** The first key, which holds both scopes. */
  readonly keyId: string
  readonly keySecret: string
  readonly credentialsFile: string
  /** Everything that the service has written on standard error so far. */
  logs(): string
  /** Resolves when `predicate` holds of the logs; lines are written in batches. */
  waitForLogs(predicate: (logs: string) => boolean): Promise<void>
  createKey(options: {
    scopes: readonly string[]
    expiresInSeconds?: number
  }): Promise<{ keyId: string; keySecret: string }>
  /** Runs `interhuman-auth-service keys …` on the service's data folder. */
  keys(...args: readonly string[]): Promise<ProcessResult>
  /** SIGTERM; resolves with the exit code, and removes the data folder where it was made here. */
  stop(): Promise<number | null>
  /** SIGKILL; the data folder stays. */
  kill(): Promise<void>
}

/** Starts the service with a first key and waits until it listens. */
export async function startService(options: ServiceOptions = {}): Promise<RunningService> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'interhuman-auth-test-'))
  const args = [
    'start',
    '--first-key',
    '--port',
    String(options.port ?? 0),
    '--data-dir',
    dataDir,
    ...(options.args ?? []),
  ]
  const child = spawn(process.execPath, [SERVICE_COMMAND, ...args], {
    env: cleanEnvironment({ ...PATIENT, ...options.env }),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let logs = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    logs += text
  })
  const listening = await waitForEvent(child, () => logs, 'listening')
  const credentialsFile = join(dataDir, 'first-key.env')
  const keys = (...keysArgs: readonly string[]) =>
    runService(['keys', ...keysArgs, '--data-dir', dataDir], options.env)
  return {
    url: String(listening.url),
    dataDir,
    pid: child.pid ?? -1,
    ...readCredentialsFile(credentialsFile),
    credentialsFile,
    logs: () => logs,
    waitForLogs: (predicate) =>
      waitUntil(
        () => predicate(logs),
        () => `the logs did not come:\n${logs}`,
      ),
    keys,
    async createKey({ scopes, expiresInSeconds }) {
      const expiry = expiresInSeconds === undefined ? [] : ['--expires-in-seconds', String(expiresInSeconds)]
      const result = await keys(
        'create',
        '--json',
        '--name',
        'test',
        ...scopes.flatMap((scope) => ['--scope', scope]),
        ...expiry,
      )
      if (result.code !== 0) throw new Error(`keys create ended with ${result.code}: ${result.stderr}`)
      const key = JSON.parse(result.stdout) as { key_id: string; key_secret: string }
      return { keyId: key.key_id, keySecret: key.key_secret }
    },
    async stop() {
      const code = await end(child, 'SIGTERM')
      if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true })
      return code
    },
    async kill() {
      await end(child, 'SIGKILL')
    },
  }
}

/** Runs the service's command to its end. */
export async function runService(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ProcessResult> {
  return runProcess(process.execPath, [SERVICE_COMMAND, ...args], cleanEnvironment(env))
}

/** Runs a program to its end, with a time-out. */
export async function runProcess(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<ProcessResult> {
  const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: COMMAND_TIMEOUT_MS })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  return { code, stdout, stderr }
}

/** The environment without anything that this project reads. */
export function cleanEnvironment(env: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('INTERHUMAN_'))
  return { ...Object.fromEntries(kept), ...env }
}

/** Resolves when `predicate` holds; rejects with `describe` after a bounded time. */
export async function waitUntil(
  predicate: () => boolean | Promise<boolean>,
  describe: () => string,
): Promise<void> {
  for (const end = Date.now() + START_TIMEOUT_MS; Date.now() < end; ) {
    if (await predicate()) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(describe())
}

async function waitForEvent(
  child: ChildProcess,
  logs: () => string,
  event: string,
): Promise<Record<string, unknown>> {
  let found: Record<string, unknown> | undefined
  await waitUntil(
    () => {
      found = parseLogs(logs()).find((line) => line.event === event)
      if (found === undefined && child.exitCode !== null)
        throw new Error(`the service ended with ${child.exitCode}: ${logs()}`)
      return found !== undefined
    },
    () => `the service logged no "${event}": ${logs()}`,
  )
  return found ?? {}
}

/** Reads the log's whole lines; one that is not JSON is given as `{ text }`. */
export function parseLogs(logs: string): Record<string, unknown>[] {
  return logs
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      try {
        return JSON.parse(line) as Record<string, unknown>
      } catch {
        return { text: line }
      }
    })
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve))
  child.kill(signal)
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  const code = await closed
  clearTimeout(timer)
  return code
}
