import { randomBytes, randomUUID } from 'node:crypto'
import { existsSync, writeSync } from 'node:fs'
import { userInfo } from 'node:os'
import { KeyChangeError } from './api-key.ts'
import { type Command, type CommandLine, parseCommandLine } from './command-line.ts'
import { type Config, processEnvironment, readConfig } from './config.ts'
import { dataFolder, prepareDataFolder } from './data-folder.ts'
import { formatHelp } from './help.ts'
import type { Runtime } from './runtime.ts'
import { StartupError } from './startup-error.ts'
import { openSqliteStore } from './store/sqlite.ts'
import { StoreUnavailableError } from './store/store-error.ts'
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
    await run(parseCommandLine(args), runtime)
  } catch (error) {
    process.exitCode = report(error, runtime)
  }
}

function createRuntime(): Runtime {
  return {
    environment: processEnvironment(),
    randomBytes,
    newUuid: randomUUID,
    now: () => Math.floor(Date.now() / 1000),
    monotonicMs: () => performance.now(),
    user: userName(),
    openStore: openSqliteStore,
    writeOutput: writeStandardOutput,
    writeMessage: (text) => process.stderr.write(`${PROGRAM}: ${text}\n`),
  }
}

async function run({ command, flags, json }: CommandLine, runtime: Runtime): Promise<void> {
  if (command.kind === 'help') return runtime.writeOutput(formatHelp())
  if (command.kind === 'version') return runtime.writeOutput(`${readVersion()}\n`)
  const config = readConfig(runtime.environment, flags)
  if (command.kind === 'start') {
    const { start } = await import('./commands/start.ts')
    return start(config, command, runtime)
  }
  const store = openKeyStore(command, config, runtime)
  try {
    await runKeysCommand(command, { store, config, runtime, json })
  } finally {
    await store.close()
  }
}

type KeysCommand = Exclude<Command, { readonly kind: 'help' | 'version' | 'start' }>

/** Only `keys create` makes a data folder; every other command would only show that a wrong one is empty. */
function openKeyStore(command: KeysCommand, config: Config, runtime: Runtime) {
  const { database } = dataFolder(config.dataDir)
  if (command.kind === 'keys create') prepareDataFolder(config.dataDir)
  else if (!existsSync(database))
    throw new StartupError(
      `there is no database in ${config.dataDir}; name the service's folder with --data-dir`,
    )
  return runtime.openStore(database)
}

async function runKeysCommand(
  command: KeysCommand,
  context: import('./commands/keys/context.ts').KeysContext,
): Promise<void> {
  switch (command.kind) {
    case 'keys create':
      return (await import('./commands/keys/create.ts')).createKey(command.options, context)
    case 'keys list':
      return (await import('./commands/keys/list.ts')).listKeys(command.request, context)
    case 'keys show':
      return (await import('./commands/keys/show.ts')).showKey(command.keyId, context)
    case 'keys rotate':
      return (await import('./commands/keys/rotate.ts')).rotateKey(command.keyId, command.options, context)
    case 'keys change':
      return (await import('./commands/keys/change-state.ts')).changeKeyState(
        command.keyId,
        command.change,
        context,
      )
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
  if (
    error instanceof StartupError ||
    error instanceof KeyChangeError ||
    error instanceof StoreUnavailableError
  ) {
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
