import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  createSecretFile,
  parseMasterKey,
  prepareDataFolder,
  readMasterKeyFile,
  replaceSecretFile,
  settleMasterKeyFile,
} from '../src/data-folder.ts'
import { StartupError } from '../src/startup-error.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-folder-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)

test('a new data folder is 0700, with those above it', () => {
  const path = join(folder, 'a', 'b')
  prepareDataFolder(path)
  expect(mode(path)).toBe('700')
})

test('a data folder that is there is left as it is, to the second of its last change', () => {
  const before = statSync(folder).mtimeMs
  prepareDataFolder(folder)
  expect(statSync(folder).mtimeMs).toBe(before)
  expect(readdirSync(folder)).toEqual([])
})

test.each([0o750, 0o705, 0o777])('a data folder of mode %o is refused: others could enter it', (bits) => {
  chmodSync(folder, bits)
  expect(() => prepareDataFolder(folder)).toThrow(/is open to others \(mode \d+\); run chmod 700 on it$/)
})

test('a folder that cannot be made anywhere is refused, not tried for ever', {
  skip: process.platform !== 'linux',
}, () => {
  expect(() => prepareDataFolder('/proc/nope/data')).toThrow(/cannot be made \(ENOENT\)/)
})

test('a file in the place of the data folder is refused', () => {
  const file = join(folder, 'file')
  writeFileSync(file, 'LEAK')
  expect(() => prepareDataFolder(file)).toThrow(/cannot be made \(EEXIST\)/)
  expect(() => prepareDataFolder(join(file, 'below'))).toThrow(/cannot be made \(ENOTDIR\)/)
})

test('a master key file is made once, 0600, and nothing is left beside it', () => {
  const file = join(folder, 'master.key')
  const key = settleMasterKeyFile(file, randomBytes)
  expect(key).toHaveLength(32)
  expect(mode(file)).toBe('600')
  expect(settleMasterKeyFile(file, randomBytes)).toEqual(key)
  expect(readMasterKeyFile(file)).toEqual(key)
  expect(readdirSync(folder)).toEqual(['master.key'])
})

test('what a start that was killed left behind does not stop the next one, even with the same process id', () => {
  const file = join(folder, 'master.key')
  writeFileSync(`${file}.${process.pid}`, 'half')
  expect(settleMasterKeyFile(file, randomBytes)).toEqual(readMasterKeyFile(file))
  expect(readdirSync(folder)).toContain('master.key')
})

test.each([0o640, 0o604, 0o666])('a master key file of mode %o is refused', (bits) => {
  const file = join(folder, 'master.key')
  settleMasterKeyFile(file, randomBytes)
  chmodSync(file, bits)
  expect(() => readMasterKeyFile(file)).toThrow(/can be read by others \(mode \d+\); run chmod 600 on it$/)
})

test('an absent master key file is told with what to do', () => {
  expect(() => readMasterKeyFile(join(folder, 'no'))).toThrow(/is missing; put it back from a backup$/)
})

test.each([
  '',
  'LEAK',
  'A'.repeat(42),
  'A'.repeat(44),
  `${'A'.repeat(42)}=`,
  `${'A'.repeat(42)}!`,
  'é'.repeat(43),
])('a master key of "%s" is refused, weak or short ones among them, and not repeated', (text) => {
  expect(() => parseMasterKey(text, 'the file')).toThrow(
    new StartupError('the file does not hold 32 bytes in base64url'),
  )
})

test('a folder in the place of a master key file is refused with one line', () => {
  const path = join(folder, 'master.key')
  mkdirSync(path, { mode: 0o700 })
  expect(() => readMasterKeyFile(path)).toThrow(StartupError)
})

test('a secret file is new, 0600, whole, and never written over another', () => {
  const file = join(folder, 'key.env')
  createSecretFile(file, 'LEAK-1')
  expect(mode(file)).toBe('600')
  expect(() => createSecretFile(file, 'LEAK-2')).toThrow(
    new StartupError(`${file} exists already; name a new file`),
  )
  expect(readFileSync(file, 'utf8')).toBe('LEAK-1')
})

test('a secret file that cannot be written is told without its content', () => {
  const file = join(folder, 'no', 'key.env')
  expect(() => createSecretFile(file, 'LEAK')).toThrow(new StartupError(`${file} cannot be written (ENOENT)`))
})

test('a replaced secret file is whole and 0600 whatever stood there', () => {
  const file = join(folder, 'first-key.env')
  writeFileSync(file, 'old', { mode: 0o644 })
  writeFileSync(`${file}.${process.pid}`, 'half')
  replaceSecretFile(file, 'LEAK')
  expect(readFileSync(file, 'utf8')).toBe('LEAK')
  expect(mode(file)).toBe('600')
  expect(existsSync(`${file}.${process.pid}`)).toBe(false)
})
