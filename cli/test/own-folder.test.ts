import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { FolderFault, openFolder } from '../src/own-folder.ts'
import { temporaryFolder } from './support/run-command.ts'

const uid = process.geteuid?.()
const isRoot = uid === 0

describe('a folder of ours', () => {
  test('is made with all above it, for its owner alone', () => {
    const folder = join(temporaryFolder(), 'a', 'b')
    openFolder(folder, uid)
    openFolder(folder, uid)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
  })

  test('that is open to others is closed to them', () => {
    const folder = join(temporaryFolder(), 'a')
    mkdirSync(folder)
    chmodSync(folder, 0o777)
    openFolder(folder, uid)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
  })

  test.each<[string, (path: string, beside: string) => void]>([
    ['a symbolic link to a folder of ours', (path, beside) => symlinkSync(beside, path)],
    ['a symbolic link to nothing', (path, beside) => symlinkSync(join(beside, 'none'), path)],
    ['a file', (path) => writeFileSync(path, '')],
    ['below a file', (path) => writeFileSync(join(path, '..'), '')],
  ])('that is %s is not used, and nothing of it is changed', (_, plant) => {
    const top = temporaryFolder()
    const beside = join(top, 'beside')
    mkdirSync(beside)
    chmodSync(beside, 0o755)
    const parent = join(top, 'parent')
    if (_ !== 'below a file') mkdirSync(parent)
    plant(join(parent, 'interhuman'), beside)
    expect(() => openFolder(join(parent, 'interhuman'), uid)).toThrow(FolderFault)
    expect([readdirSync(beside), statSync(beside).mode & 0o777]).toEqual([[], 0o755])
  })

  test.skipIf(!isRoot)('of another user is not used (needs root, to give a folder away)', () => {
    const folder = join(temporaryFolder(), 'a')
    mkdirSync(folder)
    chownSync(folder, 12_345, 12_345)
    expect(() => openFolder(folder, uid)).toThrow(/belongs to another user/)
  })

  test.skipIf(!existsSync('/proc/self'))(
    'that cannot be made is a fault at once (needs /proc, which takes no folders)',
    () => {
      expect(() => openFolder('/proc/a/b', uid)).toThrow(/^cannot be used \(\w+\)$/)
    },
  )
})
