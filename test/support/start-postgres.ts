import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { killWithChildren } from './kill-with-children.ts'
import { type PostgresUser, placeBinaries, postgresUser } from './postgres-binaries.ts'
import { waitUntil } from './start-service.ts'

export interface PostgresOptions {
  /** Lines of postgresql.conf. */
  readonly settings?: PostgresSettings
  /** Fills the empty data folder instead of `initdb`: a copy of another server's, for a replica, whose password it has. */
  readonly fillData?: (dataFolder: string) => void | Promise<void>
  readonly password?: string
}

export type PostgresSettings = Readonly<Record<string, string | number>>

/** Fast, and safe against the death of processes, which never loses what the system has in memory. */
const SETTINGS: PostgresSettings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'off',
  shared_buffers: '32MB',
}

/** Starts a PostgreSQL 18 of one's own on a free port of 127.0.0.1. Call `remove` at the end. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const server = new PostgresServer(
    options.password ?? `LEAK-${randomBytes(12).toString('hex')}`,
    await freePort(),
  )
  try {
    if (options.fillData === undefined) server.initialize()
    else await options.fillData(server.dataFolder)
    server.configure({ ...SETTINGS, ...options.settings, port: server.port })
    await server.start()
    return server
  } catch (error) {
    await server.remove()
    throw error
  }
}

/** A PostgreSQL server: its processes and its folder. Both go with whoever started it, however that ends. */
export class PostgresServer {
  readonly host = '127.0.0.1'
  /** Stays the same when the server is started again. */
  readonly port: number
  readonly user = 'postgres'
  /** Contains `LEAK`. */
  readonly password: string
  /** Under whom the server runs; its files must belong to that user. */
  readonly runAs: PostgresUser = postgresUser()
  /** `PGDATA`. */
  readonly dataFolder: string
  readonly #folder: string
  #binaries: string | undefined
  #warden: ChildProcess | undefined
  #pid = -1

  constructor(password: string, port: number) {
    this.password = password
    this.port = port
    this.#folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-postgres-'))
    chmodSync(this.#folder, 0o755)
    this.own(this.#folder)
    this.dataFolder = join(this.#folder, 'data')
    mkdirSync(this.dataFolder, { mode: 0o700 })
    this.own(this.dataFolder)
  }

  /** The address of a database; of `postgres` unless told. */
  url(database = 'postgres'): string {
    return `postgres://${this.user}:${this.password}@${this.host}:${this.port}/${database}`
  }

  /** The postmaster's process id. */
  get pid(): number {
    return this.#pid
  }

  /** What the server has logged so far. */
  log(): string {
    const file = join(this.#folder, 'log')
    return existsSync(file) ? readFileSync(file, 'utf8') : ''
  }

  /** Adds lines to postgresql.conf, where the last counts; they hold from the next start or reload. */
  configure(settings: PostgresSettings): void {
    const file = join(this.dataFolder, 'postgresql.conf')
    for (const [name, value] of Object.entries(settings))
      appendFileSync(file, `${name} = '${String(value).replaceAll("'", "''")}'\n`)
  }

  /** SIGHUP: reads the configuration again. */
  reload(): void {
    process.kill(this.#pid, 'SIGHUP')
  }

  /** Gives a file to the server's user. */
  own(path: string): void {
    const { uid, gid } = this.runAs
    if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid)
  }

  /** Fills the data folder; text is sorted as in English, so that what relies on the order of bytes shows it. */
  initialize(): void {
    const passwordFile = join(this.#folder, 'password')
    writeFileSync(passwordFile, this.password)
    const { status, stderr } = spawnSync(
      this.#program('initdb'),
      [
        ...['-D', this.dataFolder, '-U', this.user, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'],
        ...['--no-sync', '--encoding=UTF8', '--locale=C', '--locale-provider=icu', '--icu-locale=en-US'],
        // A password of ours needs no stretching, and every test connects.
        '--set=scram_iterations=1',
      ],
      { ...this.runAs, cwd: this.#folder, env: ENVIRONMENT, encoding: 'utf8' },
    )
    if (status !== 0) throw new Error(`initdb ended with ${status}: ${stderr}`)
  }

  /** Starts the server, also one that was stopped or killed, and waits until it lets clients in. */
  async start(): Promise<void> {
    const log = openSync(join(this.#folder, 'log'), 'a')
    const warden = spawn(
      'sh',
      ['-c', WARDEN, 'sh', this.#folder, this.#program('postgres'), '-D', this.dataFolder],
      { ...this.runAs, cwd: this.#folder, env: ENVIRONMENT, stdio: ['pipe', 'pipe', log], detached: true },
    )
    closeSync(log)
    this.#warden = warden
    let output = ''
    warden.stdout?.on('data', (text) => {
      output += text
    })
    await waitUntil(
      () => {
        if (warden.exitCode !== null) throw new Error(`PostgreSQL did not start:\n${this.log()}`)
        this.#pid = Number.parseInt(output, 10)
        return isReady(this.dataFolder, this.#pid)
      },
      () => `PostgreSQL is not ready:\n${this.log()}`,
    )
  }

  /** Ends the server: waits until its clients have gone, turns them out, or stops as in a crash. */
  stop(mode: 'smart' | 'fast' | 'immediate' = 'fast'): Promise<void> {
    const signals = { smart: 'SIGTERM', fast: 'SIGINT', immediate: 'SIGQUIT' } as const
    return this.#end((pid) => process.kill(pid, signals[mode]))
  }

  /** SIGKILL of the postmaster and of each of its processes. */
  kill(): Promise<void> {
    return this.#end(killWithChildren)
  }

  /** Makes a replica the primary. */
  async promote(): Promise<void> {
    writeFileSync(join(this.dataFolder, 'promote'), '')
    process.kill(this.#pid, 'SIGUSR1')
    await waitUntil(
      () => this.log().includes('archive recovery complete'),
      () => `the replica was not promoted:\n${this.log()}`,
    )
  }

  /** Ends the server however it is and removes its folder. */
  async remove(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #program(name: 'initdb' | 'postgres'): string {
    this.#binaries ??= placeBinaries(this.#folder, this.runAs)
    return join(this.#binaries, name)
  }

  async #end(end: (pid: number) => void): Promise<void> {
    const warden = this.#warden
    if (warden === undefined || warden.exitCode !== null) return
    const closed = new Promise((resolve) => warden.once('close', resolve))
    end(this.#pid)
    await closed
    warden.stdin?.destroy()
  }
}

const ENVIRONMENT = { PATH: process.env.PATH, LC_ALL: 'C' }

/**
 * Runs the server, says its process id, and ends both server and folder once its own input ends: whoever holds the other
 * end of that pipe is gone then.
 */
const WARDEN = `
folder=$1; shift
exec 3<&0
"$@" 3<&- </dev/null >/dev/null & server=$!
{
  read -r _ <&3
  trap '' TERM
  kill -QUIT $server; sleep 1; kill -KILL $server
  for again in 1 2 3 4 5; do rm -rf "$folder" && break; sleep 1; done
} >/dev/null 2>&1 & warden=$!
echo $server
wait $server
kill $warden`

/** Line 8 of postmaster.pid is the server's state, and line 1 says whose state it is. */
function isReady(dataFolder: string, pid: number): boolean {
  const file = join(dataFolder, 'postmaster.pid')
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
  return lines[0] === String(pid) && ['ready', 'standby'].includes(lines[7]?.trim() ?? '')
}

/** A port of loopback that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : 0))
    })
  })
}
