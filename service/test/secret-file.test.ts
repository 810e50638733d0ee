import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readSecretFile } from '../src/secret-file.ts'
import { StartupError } from '../src/startup-error.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'secret-file-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const ASKED = { name: 'the file' }

function write(content: string | Buffer, mode = 0o600): string {
  const file = join(folder, 'secret')
  writeFileSync(file, content)
  chmodSync(file, mode)
  return file
}

test.each([
  ['LEAK', 'LEAK'],
  ['LEAK\n', 'LEAK'],
  ['LEAK\r\n', 'LEAK'],
  ['LEAK\n\n', 'LEAK\n'],
  [' LEAK ', ' LEAK '],
  ['', ''],
])('of %j one newline at the end is left out and nothing else', (content, text) => {
  expect(readSecretFile(write(content), ASKED)).toBe(text)
})

test.each([0o604, 0o620, 0o640, 0o660, 0o777])('a file of mode %o is refused', (mode) => {
  expect(() => readSecretFile(write('LEAK', mode), ASKED)).toThrow(
    new StartupError(`the file can be read by others (mode ${mode.toString(8)}); run chmod 600 on it`),
  )
})

test.each([0o400, 0o600, 0o700])('a file of mode %o is read', (mode) => {
  expect(readSecretFile(write('LEAK', mode), ASKED)).toBe('LEAK')
})

test('a link is followed to its file, as Kubernetes lays secrets down, and the file is what is judged', () => {
  const link = join(folder, 'link')
  symlinkSync(write('LEAK'), link)
  expect(readSecretFile(link, ASKED)).toBe('LEAK')
  chmodSync(join(folder, 'secret'), 0o644)
  expect(() => readSecretFile(link, ASKED)).toThrow(/can be read by others/)
})

test('a file that is too long, a folder and a device are refused, and nothing waits', () => {
  const problem = new StartupError('the file is not a regular file of at most 16384 bytes')
  expect(() => readSecretFile(write(Buffer.alloc(16_385, 'L')), ASKED)).toThrow(problem)
  mkdirSync(join(folder, 'sub'))
  expect(() => readSecretFile(join(folder, 'sub'), ASKED)).toThrow(problem)
  expect(() => readSecretFile('/dev/zero', ASKED)).toThrow(problem)
})

test('an absent file is told with what to do', () => {
  expect(() => readSecretFile(join(folder, 'no'), ASKED)).toThrow(
    new StartupError('the file is missing; check its path'),
  )
})

test.runIf(process.getuid?.() === 0)(
  'what root lays down for the group of a service that is not root is read, and nothing that everybody can read (needs root)',
  () => {
    const service = { ...ASKED, user: 4747 }
    expect(readSecretFile(write('LEAK', 0o440), service)).toBe('LEAK')
    for (const mode of [0o460, 0o444])
      expect(() => readSecretFile(write('LEAK', mode), service)).toThrow(/can be read by others/)
    expect(() => readSecretFile(write('LEAK', 0o440), { ...ASKED, user: 0 })).toThrow(/can be read by others/)
  },
)
