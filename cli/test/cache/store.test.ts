import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readOwn, sweep, writeWhole } from '../../src/cache/store.ts'
import { FolderFault } from '../../src/own-folder.ts'
import { temporaryFolder } from '../support/run-command.ts'

const uid = process.geteuid?.()
const isRoot = uid === 0
const name = 'a'.repeat(40)

describe('a file', () => {
  const write = () => {
    const path = join(temporaryFolder(), name)
    writeWhole(path, 'text')
    return path
  }

  test('is written for its owner alone, and read', () => {
    const path = write()
    expect([statSync(path).mode & 0o777, readOwn(path, uid)?.text]).toEqual([0o600, 'text'])
    expect(readdirSync(join(path, '..'))).toEqual([name])
  })

  test.each<[string, (path: string) => void]>([
    ['is open to its group', (path) => chmodSync(path, 0o640)],
    ['is open to others', (path) => chmodSync(path, 0o604)],
    ['is longer than any token', (path) => writeFileSync(path, 'x'.repeat(65_537))],
  ])('that %s is not read, and is replaced', (_, spoil) => {
    const path = write()
    spoil(path)
    expect(readOwn(path, uid)).toBeUndefined()
    writeWhole(path, 'new')
    expect([statSync(path).mode & 0o777, readOwn(path, uid)?.text]).toEqual([0o600, 'new'])
  })

  test.skipIf(!isRoot)('of another user is not read, and is replaced (needs root, to give it away)', () => {
    const path = write()
    chownSync(path, 12_345, 12_345)
    expect(readOwn(path, uid)).toBeUndefined()
    writeWhole(path, 'new')
    expect([statSync(path).uid, readOwn(path, uid)?.text]).toEqual([0, 'new'])
  })

  test('that is a symbolic link is neither read nor followed when it is replaced', () => {
    const path = write()
    const elsewhere = `${path}.elsewhere`
    writeFileSync(elsewhere, 'theirs', { mode: 0o600 })
    execFileSync('ln', ['-sf', elsewhere, path])
    expect(readOwn(path, uid)).toBeUndefined()
    writeWhole(path, 'new')
    expect([readFileSync(elsewhere, 'utf8'), readOwn(path, uid)?.text]).toEqual(['theirs', 'new'])
  })

  test('that has a second name is replaced, and what the second name holds stays', () => {
    const path = write()
    linkSync(path, `${path}.second`)
    writeWhole(path, 'new')
    expect(readFileSync(`${path}.second`, 'utf8')).toBe('text')
  })

  test('that is a pipe or a folder is not waited for, and a folder is not replaced', () => {
    const folder = temporaryFolder()
    execFileSync('mkfifo', ['-m', '600', join(folder, 'pipe')])
    mkdirSync(join(folder, 'folder', 'full'), { recursive: true })
    expect(readOwn(join(folder, 'pipe'), uid)).toBeUndefined()
    expect(readOwn(join(folder, 'folder'), uid)).toBeUndefined()
    expect(() => writeWhole(join(folder, 'folder'), 'new')).toThrow(FolderFault)
    expect(readdirSync(folder).sort()).toEqual(['folder', 'pipe'])
  })

  test('is whole or as it was, whenever its writer is killed', async () => {
    const folder = temporaryFolder()
    const path = join(folder, name)
    const store = new URL('../../dist/cache/store.js', import.meta.url).href
    const script = `const { writeWhole } = await import(${JSON.stringify(store)})
      writeWhole(${JSON.stringify(path)}, 'c'.repeat(60000))
      console.log('writing')
      for (;;) for (const c of 'ab') writeWhole(${JSON.stringify(path)}, c.repeat(60000))`
    for (let tries = 0; tries < 8; tries++) {
      const writer = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      onTestFinished(() => void writer.kill('SIGKILL'))
      await once(writer.stdout, 'data')
      await sleep(tries)
      writer.kill('SIGKILL')
      await once(writer, 'close')
      expect(readOwn(path, uid)?.text).toMatch(/^(?:a{60000}|b{60000}|c{60000})$/)
    }
    writeWhole(path, 'new')
    expect(readOwn(path, uid)?.text).toBe('new')
  })
})

describe('a sweep', () => {
  const nowMs = Date.UTC(2026, 0, 2)
  const age = (path: string, seconds: number) => {
    writeFileSync(path, '')
    utimesSync(path, nowMs / 1000 - seconds, nowMs / 1000 - seconds)
  }

  test('removes what killed processes left and what nobody can use, and nothing else', () => {
    const folder = temporaryFolder()
    const uuid = '11111111-2222-3333-4444-555555555555'
    age(join(folder, name), 90_000)
    age(join(folder, `${name}.${uuid}.tmp`), 61)
    age(join(folder, `${name}.${uuid}.stale`), 61)
    age(join(folder, `${name}.lock`), 90_000)
    const kept = ['b'.repeat(40), `${'b'.repeat(40)}.${uuid}.tmp`, `${'b'.repeat(40)}.lock`]
    for (const each of kept) age(join(folder, each), 59)
    age(join(folder, 'credentials.env'), 1_000_000)
    sweep(folder, nowMs)
    expect(readdirSync(folder).sort()).toEqual([...kept, 'credentials.env'].sort())
  })

  test('keeps the 64 newest tokens', () => {
    const folder = temporaryFolder()
    for (let at = 0; at < 70; at++) age(join(folder, at.toString(16).padStart(40, '0')), at)
    sweep(folder, nowMs)
    expect(readdirSync(folder)).toHaveLength(64)
    expect(existsSync(join(folder, '0'.repeat(40)))).toBe(true)
  })
})
