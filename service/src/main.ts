import { randomBytes, randomUUID } from 'node:crypto'
import { writeSync } from 'node:fs'
import { userInfo } from 'node:os'
import { type CommandLine, parseCommandLine } from './command-line.ts'
import { loadGroups } from './commands/groups.ts'
import { type Config, processEnvironment, readSettings, refuseProblems } from './config.ts'
import { dataFolder } from './data-folder.ts'
import { formatHelp } from './help.ts'
import { OperatorError } from './operator-error.ts'
import type { Runtime, Terminal } from './runtime.ts'
import type { PostgresOptions } from './store/postgres.ts'
import type { PostgresAddress } from './store/postgres-address.ts'
import type { Store } from './store/store.ts'
import { UsageError } from './usage-error.ts'
import { readVersion } from './version.ts'

const PROGRAM = 'interhuman-auth-service'

/** The composition root of `interhuman-auth-service`: runs one command line and sets the exit code. */
export async function main(args: readonly string[]): Promise<void> {
  // Whatever is written holds keys: nobody else may read it.
  process.umask(0o077)
  process.stderr.on('error', endQuietly)
  const runtime = createRuntime()
  try {
    const code = await run(await parseCommandLine(args), runtime)
    if (code !== 0) process.exitCode = code
  } catch (error) {
    process.exitCode = report(error, runtime)
  }
}

function createRuntime(): Runtime {
  const environment = processEnvironment()
  return {
    environment,
    randomBytes,
    newUuid: randomUUID,
    now: () => Math.floor(Date.now() / 1000),
    wallMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    user: userName(),
    openStore,
    readSchemaVersion,
    writeOutput: writeStandardOutput,
    writeMessage: (text) => process.stderr.write(`${PROGRAM}: ${text}\n`),
    terminal: openTerminal(environment.TERM),
  }
}

/** A terminal of no width that it tells has 80 columns; one that calls itself dumb cannot go back in a line. */
function openTerminal(kind: string | undefined): Terminal | undefined {
  const { stderr } = process
  if (!stderr.isTTY || kind === 'dumb') return undefined
  return { columns: () => stderr.columns || 80, write: (text) => stderr.write(text) }
}

async function run(line: CommandLine, runtime: Runtime): Promise<number> {
  if (line.kind === 'run') {
    const settings = readSettings(runtime.environment, line.flags)
    const { config } = line.group.takesWrongSettings ? settings : refuseProblems(settings)
    return line.group.run(line.command, { config, runtime, json: line.json }, settings)
  }
  runtime.writeOutput(line.kind === 'help' ? formatHelp(await loadGroups()) : `${readVersion()}\n`)
  return 0
}

async function openStore(config: Config): Promise<Store> {
  if (config.databaseUrl !== null) {
    const { openPostgresStore } = await import('./store/postgres.ts')
    return openPostgresStore(toPostgresOptions(config, config.databaseUrl))
  }
  const { openSqliteStore } = await import('./store/sqlite.ts')
  return openSqliteStore(dataFolder(config.dataDir).database)
}

async function readSchemaVersion(config: Config): Promise<number> {
  if (config.databaseUrl !== null) {
    const { readPostgresVersion } = await import('./store/postgres.ts')
    return readPostgresVersion(toPostgresOptions(config, config.databaseUrl))
  }
  const { readSqliteVersion } = await import('./store/sqlite-backup.ts')
  return readSqliteVersion(dataFolder(config.dataDir).database)
}

function toPostgresOptions(config: Config, address: PostgresAddress): PostgresOptions {
  return {
    address,
    limits: {
      poolSize: config.databasePoolSize,
      connectTimeoutMs: config.databaseConnectTimeoutMs,
      queryTimeoutMs: config.databaseQueryTimeoutMs,
      idleTimeoutMs: config.databaseIdleTimeoutMs,
    },
  }
}

const STANDARD_OUTPUT = 1

/** Written at once, so that whoever shows a secret hears of it when nobody could read it. */
function writeStandardOutput(text: string): void {
  const bytes = Buffer.from(text)
  for (let offset = 0; offset < bytes.length; ) {
    try {
      offset += writeSync(STANDARD_OUTPUT, bytes, offset)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      // A pipe whose reader is slow.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }
}

function report(error: unknown, runtime: Runtime): number {
  if ((error as NodeJS.ErrnoException).code === 'EPIPE') return 0
  if (error instanceof UsageError) {
    runtime.writeMessage(`${error.message}; see ${PROGRAM} --help`)
    return 2
  }
  if (error instanceof OperatorError) {
    for (const line of error.message.split('\n')) runtime.writeMessage(line)
    return 1
  }
  runtime.writeMessage(`unexpected failure: ${error instanceof Error ? error.stack : String(error)}`)
  return 1
}

/** A container may run under a user that has no name. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}

function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}
