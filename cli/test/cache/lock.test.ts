import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type LockOptions, takeLock } from '../../src/cache/lock.ts'
import { temporaryFolder } from '../support/run-command.ts'

const uid = process.geteuid?.()
const at = (nowMs: number): LockOptions => ({ holdMs: 20_000, pid: process.pid, now: () => nowMs, uid })
const place = () => join(temporaryFolder(), `${'a'.repeat(40)}.lock`)

describe('a lock', () => {
  test('has one holder at a time, and is gone when it lets go', () => {
    const path = place()
    const release = takeLock(path, at(0))
    expect([typeof release, takeLock(path, at(1))]).toEqual(['function', undefined])
    release?.()
    expect(existsSync(path)).toBe(false)
    expect(typeof takeLock(path, at(2))).toBe('function')
  })

  test('says who holds it and until when, and no secret', () => {
    const path = place()
    takeLock(path, at(5))
    const { started, ...owner } = JSON.parse(readFileSync(path, 'utf8'))
    expect(owner).toEqual({ pid: process.pid, untilMs: 20_005 })
    if (existsSync('/proc/self/stat')) expect(started).toMatch(/^\d+$/)
  })

  test('of a holder that died is taken over', async () => {
    const path = place()
    const child = spawn('true', { stdio: 'ignore' })
    await new Promise((resolve) => child.on('exit', resolve))
    takeLock(path, { ...at(0), pid: child.pid ?? 0 })
    expect(typeof takeLock(path, at(1))).toBe('function')
  })

  test.skipIf(!existsSync('/proc/self/stat'))(
    'of a holder whose number another process has now is taken over (needs /proc, to know)',
    () => {
      const path = place()
      writeFileSync(path, JSON.stringify({ pid: process.pid, started: '1', untilMs: 20_000 }), {
        mode: 0o600,
      })
      expect(typeof takeLock(path, at(1))).toBe('function')
    },
  )

  test('is taken over when its time is up, although its holder lives, who then leaves the new one alone', () => {
    const path = place()
    const release = takeLock(path, at(0))
    expect(takeLock(path, at(19_999))).toBeUndefined()
    const next = takeLock(path, at(20_000))
    release?.()
    expect(existsSync(path)).toBe(true)
    next?.()
    expect(existsSync(path)).toBe(false)
  })

  test.each([
    ['empty', ''],
    ['cut short', '{"pid":'],
    ['of no process', '{"pid":-1,"untilMs":99999999}'],
  ])('that is %s is given two seconds to get its text, and is then taken over', (_, text) => {
    const path = place()
    writeFileSync(path, text, { mode: 0o600 })
    utimesSync(path, 100, 100)
    expect(takeLock(path, at(101_999))).toBeUndefined()
    expect(typeof takeLock(path, at(102_000))).toBe('function')
  })

  test('that is a symbolic link is not followed: it is taken away', () => {
    const path = place()
    const elsewhere = join(path, '..', 'elsewhere')
    writeFileSync(elsewhere, 'theirs')
    symlinkSync(elsewhere, path)
    expect(typeof takeLock(path, at(0))).toBe('function')
    expect(readFileSync(elsewhere, 'utf8')).toBe('theirs')
  })

  test('leaves nothing else behind', () => {
    const path = place()
    writeFileSync(path, '', { mode: 0o600 })
    utimesSync(path, 1, 1)
    takeLock(path, at(100_000))?.()
    expect(readdirSync(join(path, '..'))).toEqual([])
  })

  test('cannot be made where there is no folder, and says so', () => {
    expect(() => takeLock('/nowhere/at/all.lock', at(0))).toThrow(/ENOENT/)
  })
})
