import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { postgresUser } from './postgres-binaries.ts'
import { freePort } from './start-postgres.ts'
import { waitUntil } from './start-service.ts'

/** Debian has it where only its administrators look. */
const PATH = `${process.env.PATH}${delimiter}/usr/sbin`

/** Whether PgBouncer is installed. */
export function hasPgbouncer(): boolean {
  return spawnSync('pgbouncer', ['--version'], { env: { ...process.env, PATH } }).status === 0
}

export interface Pgbouncer {
  /** The address of the database through the pooler. */
  readonly url: string
  close(): Promise<void>
}

/** Starts PgBouncer, which Debian brings, before the database of an address. */
export async function startPgbouncer(url: string, mode: 'session' | 'transaction'): Promise<Pgbouncer> {
  const { hostname, port, username, password, pathname } = new URL(url)
  const user = postgresUser()
  const folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-pgbouncer-'))
  const file = join(folder, 'pgbouncer.ini')
  const listenPort = await freePort()
  writeFileSync(
    file,
    `[databases]
* = host=${hostname} port=${port} user=${username} password=${decodeURIComponent(password)}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${listenPort}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
`,
  )
  if (user.uid !== undefined && user.gid !== undefined)
    for (const path of [folder, file]) chownSync(path, user.uid, user.gid)
  chmodSync(file, 0o600)
  // Its input is a pipe of this process: with it goes the pooler, however this process ends.
  const child = spawn('sh', ['-c', 'pgbouncer "$1" & read -r _; kill $!; wait', 'sh', file], {
    ...user,
    cwd: folder,
    env: { ...process.env, PATH },
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  let log = ''
  child.stderr.on('data', (text) => {
    log += text
  })
  await waitUntil(
    () => accepts(listenPort),
    () => `PgBouncer does not listen: ${log}`,
  )
  return {
    url: `postgres://${username}:${password}@127.0.0.1:${listenPort}${pathname}`,
    async close() {
      const closed = new Promise((resolve) => child.once('close', resolve))
      child.stdin.end()
      await closed
      rmSync(folder, { recursive: true })
    },
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
