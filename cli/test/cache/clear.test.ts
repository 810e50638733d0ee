import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { clearCache } from '../../src/cache/clear.ts'
import { temporaryFolder } from '../support/run-command.ts'

const uid = process.geteuid?.()
const token = 'a'.repeat(40)
const half = `${token}.${crypto.randomUUID()}.tmp`

function cacheWith(...names: string[]): string {
  const folder = temporaryFolder()
  for (const name of names) writeFileSync(join(folder, name), 'LEAK')
  return folder
}

describe('clearing the cache', () => {
  test('removes every token and what a killed process left of one, and nothing that is not the cache’s', () => {
    const others = [`${token}.lock`, 'mine.txt', 'a'.repeat(41)]
    const folder = cacheWith(token, 'b'.repeat(40), half, ...others)
    expect(clearCache(folder, uid)).toEqual({ removed: 2 })
    expect(readdirSync(folder).sort()).toEqual(others.sort())
  })

  test('does nothing where there is none, or it is another user’s, or a link', () => {
    const folder = cacheWith(token)
    const link = join(temporaryFolder(), 'link')
    symlinkSync(folder, link)
    expect(clearCache(join(folder, 'absent'), uid)).toEqual({ removed: 0 })
    expect(clearCache(join(folder, token, 'below a file'), uid)).toEqual({ removed: 0 })
    expect(clearCache(folder, (uid ?? 0) + 1)).toEqual({ removed: 0 })
    expect(clearCache(link, uid)).toEqual({ removed: 0 })
    expect(readdirSync(folder)).toEqual([token])
  })

  test('tells what cannot be removed, and removes the rest', () => {
    const folder = cacheWith('b'.repeat(40))
    mkdirSync(join(folder, token))
    expect(clearCache(folder, uid)).toEqual({ removed: 1, problem: expect.stringMatching(/^E[A-Z]+$/) })
  })
})
