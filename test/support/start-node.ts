import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  cleanEnvironment,
  PATIENT,
  type ProcessResult,
  parseLogs,
  runService,
  SERVICE_COMMAND,
  waitUntil,
} from './start-service.ts'

/** One node of the service on PostgreSQL, built, as a process of its own on a free port. */
export interface ServiceNode {
  readonly url: string
  readonly pid: number
  /** What it has logged so far, a line each. */
  logs(): Record<string, unknown>[]
  /** Runs `interhuman-auth-service …` with the node's settings. */
  run(...args: readonly string[]): Promise<ProcessResult>
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>
  /** SIGKILL. */
  kill(): Promise<void>
}

/** Starts a node and waits until it listens. Nodes of one database share `INTERHUMAN_AUTH_MASTER_KEY`. */
export async function startNode(env: Readonly<Record<string, string>>): Promise<ServiceNode> {
  const dataDir = mkdtempSync(join(tmpdir(), 'interhuman-auth-node-'))
  const settings = { INTERHUMAN_AUTH_PORT: '0', INTERHUMAN_AUTH_DATA_DIR: dataDir, ...env }
  const child = spawn(process.execPath, [SERVICE_COMMAND, 'start'], {
    env: cleanEnvironment({ ...PATIENT, ...settings }),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const closed = once(child, 'close')
  let text = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  const logs = () => parseLogs(text)
  const listening = () => logs().find(({ event }) => event === 'listening')
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    const [code] = await closed
    rmSync(dataDir, { recursive: true, force: true })
    return code as number | null
  }
  try {
    await waitUntil(
      () => {
        if (child.exitCode !== null) throw new Error(`the node ended with ${child.exitCode}: ${text}`)
        return listening() !== undefined
      },
      () => `the node does not listen: ${text}`,
    )
  } catch (error) {
    await end('SIGKILL')
    throw error
  }
  return {
    url: String(listening()?.url),
    pid: child.pid ?? -1,
    logs,
    run: (...args) => runService(args, settings),
    stop: () => end('SIGTERM'),
    async kill() {
      await end('SIGKILL')
    },
  }
}
