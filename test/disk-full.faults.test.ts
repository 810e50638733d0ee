import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ADMIN_PATHS, ERRORS, TOKEN_ENDPOINTS, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import Database from 'better-sqlite3'
import { afterEach, describe, expect, test } from 'vitest'
import {
  parseLogs,
  type RunningService,
  runService,
  startService,
  waitUntil,
} from './support/start-service.ts'

// The disk under a SQLite store is full: a file system of its own where the tests may mount one (ENOSPC), and everywhere a
// limit to the size of the process's files (EFBIG), which SQLite meets in the same place.

interface Disk {
  readonly dataDir: string
  fill(service: RunningService): void
  free(service: RunningService): unknown
}

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-disk-'))
  ends.push(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function limitedFiles(): Disk {
  const dataDir = newFolder()
  const limit = ({ pid }: RunningService, size: string) =>
    execFileSync('prlimit', ['--pid', String(pid), `--fsize=${size}:`])
  return {
    dataDir,
    fill: (service) => limit(service, String(largest(dataDir))),
    // The limit of a process ends with it.
    free: (service) => isAlive(service) && limit(service, 'unlimited'),
  }
}

function isAlive({ pid }: RunningService): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const largest = (folder: string) =>
  Math.max(...readdirSync(folder).map((name) => statSync(join(folder, name)).size))

function smallDisk(): Disk {
  const folder = newFolder()
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder])
  ends.push(() => execFileSync('umount', [folder]))
  const filler = join(folder, 'filler')
  return {
    dataDir: join(folder, 'data'),
    fill() {
      for (let size = 1 << 20; size >= 512; size >>= 1) {
        try {
          for (;;) writeFileSync(filler, Buffer.alloc(size), { flag: 'a' })
        } catch {
          // It does not hold that much more.
        }
      }
    },
    free: () => rmSync(filler),
  }
}

function mayMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-mount-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' })
    execFileSync('umount', [folder])
    return true
  } catch {
    return false
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const disks: [string, () => Disk][] = [['no file may grow', limitedFiles]]
if (mayMount()) disks.push(['its file system has no space left', smallDisk])

async function send(url: string, body: object, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(20_000),
  })
  // biome-ignore lint/suspicious/noExplicitAny: what it is differs from answer to answer
  const answer = (await response.json()) as any
  return { status: response.status, retryAfter: response.headers.get('retry-after'), body: answer }
}

describe.each(disks)('a SQLite store whose disk is full: %s', (_how, newDisk) => {
  test('changes are refused with 503 and leave nothing, exchanges go on, it recovers by itself, nothing is lost', async () => {
    const disk = newDisk()
    const options = { dataDir: disk.dataDir, args: ['--admin-port', '0'] }
    let service = await startService(options)
    ends.push(() => service.stop())
    const made = await runService([
      ...['admin-tokens', 'create', '--name', 'test', '--json'],
      ...['--data-dir', disk.dataDir],
    ])
    const authorization = { Authorization: `Bearer ${JSON.parse(made.stdout).admin_token}` }
    const admin = () => parseLogs(service.logs()).find(({ event }) => event === 'listening')?.admin
    const create = () =>
      send(`${admin()}${ADMIN_PATHS.keys}`, { name: 'test', scopes: [UPLOAD_SCOPE] }, authorization)
    const exchange = async (key: { key_id: string; key_secret: string }) => {
      const { key_id, key_secret } = key
      const body = { key_id, key_secret, scopes: [UPLOAD_SCOPE] }
      return (await send(service.url + TOKEN_ENDPOINTS.v1, body)).status
    }
    const created: { key_id: string; key_secret: string }[] = []
    const createUntil = (status: number) =>
      waitUntil(
        async () => {
          const answer = await create()
          if (answer.status === 201) created.push(answer.body)
          else {
            expect([answer.status, answer.body.error_id]).toEqual([503, ERRORS.unavailable.id])
            expect(Number(answer.retryAfter)).toBeGreaterThan(0)
          }
          return answer.status === status
        },
        () => `no change is answered with ${status}`,
      )
    await createUntil(201)
    disk.fill(service)
    await createUntil(503)
    for (const key of created) expect(await exchange(key)).toBe(200)
    disk.free(service)
    await createUntil(201)
    disk.fill(service)
    await createUntil(503)
    await service.kill()
    disk.free(service)
    service = await startService(options)
    await createUntil(201)
    for (const key of created) expect(await exchange(key)).toBe(200)
    const verified = await runService(['audit', 'verify', '--json', '--data-dir', disk.dataDir])
    expect(JSON.parse(verified.stdout)).toMatchObject({ whole: true, faults: [] })
    const database = new Database(join(disk.dataDir, 'interhuman-auth.db'), { readonly: true })
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok')
    const kept = database.prepare(`select key_id from api_keys where name = 'test' order by key_id`).all()
    database.close()
    expect(kept).toEqual(
      created.map(({ key_id }) => ({ key_id })).sort((a, b) => (a.key_id < b.key_id ? -1 : 1)),
    )
  }, 120_000)
})
