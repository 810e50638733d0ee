import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { defaultFilePath, readCredentialsFile } from '../../src/credentials/file.ts'
import { temporaryFolder } from '../support/run-command.ts'

const uid = process.geteuid?.()
const isRoot = uid === 0
const lines = 'INTERHUMAN_KEY_ID=LEAKid\nINTERHUMAN_KEY_SECRET=LEAKsecret\n'

function written(content: string | Uint8Array = lines, mode = 0o600): string {
  const path = join(temporaryFolder(), 'credentials.env')
  writeFileSync(path, content)
  chmodSync(path, mode)
  return path
}

describe('a credentials file', () => {
  test.each([0o600, 0o400, 0o700])('of mode %o is read, and the mode is told', (mode) => {
    expect(readCredentialsFile(written(lines, mode), uid)).toEqual({
      kind: 'found',
      mode: mode.toString(8).padStart(4, '0'),
      credential: { keyId: 'LEAKid', keySecret: 'LEAKsecret', apiUrl: undefined },
    })
  })

  test.each([0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o666, 0o777])(
    'of mode %o is open to others, and refused',
    (mode) => {
      expect(readCredentialsFile(written(lines, mode), uid)).toEqual({
        kind: 'refused',
        mode: mode.toString(8).padStart(4, '0'),
        reason: 'is open to others; run chmod 600 on it',
      })
    },
  )

  test.skipIf(!isRoot)('of another user is refused (needs root, to give a file away)', () => {
    const path = written()
    chownSync(path, 12_345, 12_345)
    expect(readCredentialsFile(path, uid)).toMatchObject({
      kind: 'refused',
      reason: 'belongs to another user',
    })
  })

  test('of this user is another’s to another', () => {
    expect(readCredentialsFile(written(), (uid ?? 0) + 1)).toMatchObject({
      reason: 'belongs to another user',
    })
  })

  test('is held to no mode where files have no owner', () => {
    expect(readCredentialsFile(written(lines, 0o644), undefined)).toMatchObject({
      kind: 'found',
      mode: undefined,
    })
  })

  test('that a symbolic link leads to is held to its own mode', () => {
    for (const [mode, kind] of [
      [0o600, 'found'],
      [0o644, 'refused'],
    ] as const) {
      const path = written(lines, mode)
      symlinkSync(path, `${path}.link`)
      expect(readCredentialsFile(`${path}.link`, uid)).toMatchObject({ kind })
    }
  })

  test('behind a link that leads nowhere is absent, behind one in a circle refused', () => {
    const path = join(temporaryFolder(), 'link')
    symlinkSync(`${path}.gone`, path)
    expect(readCredentialsFile(path, uid)).toEqual({ kind: 'absent' })
    symlinkSync(`${path}.circle`, `${path}.circle`)
    expect(readCredentialsFile(`${path}.circle`, uid)).toMatchObject({ kind: 'refused' })
  })

  test('that is not there is absent, also where its folder is a file', () => {
    expect(readCredentialsFile(join(temporaryFolder(), 'none'), uid)).toEqual({ kind: 'absent' })
    expect(readCredentialsFile(join(written(), 'below'), uid)).toEqual({ kind: 'absent' })
  })

  test('with a hard link is read as any other', () => {
    const path = written()
    linkSync(path, `${path}.hard`)
    expect(readCredentialsFile(`${path}.hard`, uid)).toMatchObject({ kind: 'found' })
  })

  test('that is a folder, a device, a pipe or a socket is refused, and nothing waits', async () => {
    const folder = temporaryFolder()
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', ['-m', '600', pipe])
    const socket = join(folder, 'socket')
    const server = createServer()
    onTestFinished(() => void server.close())
    await new Promise<void>((resolve) => server.listen(socket, resolve))
    mkdirSync(join(folder, 'folder'))
    for (const path of [join(folder, 'folder'), pipe, '/dev/null', '/dev/zero'])
      expect(readCredentialsFile(path, uid)).toMatchObject({
        kind: 'refused',
        reason: 'is not a regular file',
      })
    expect(readCredentialsFile(socket, uid)).toMatchObject({ kind: 'refused' })
  })

  test('of 64 KiB is read, and one byte more refused', () => {
    const padded = lines + '#'.repeat(64 * 1024 - lines.length)
    expect(readCredentialsFile(written(padded), uid)).toMatchObject({ kind: 'found' })
    expect(readCredentialsFile(written(`${padded}#`), uid)).toMatchObject({ reason: 'is larger than 64 KiB' })
  })

  test.each([
    ['that is not UTF-8', Buffer.from([0x49, 0xff]), 'is not UTF-8 text'],
    ['in UTF-16', Buffer.from(`\uFEFF${lines}`, 'utf16le'), 'is not UTF-8 text'],
    ['that cannot be read without guessing', 'LEAK', 'cannot be read: line 1 is not of the form NAME=value'],
    ['that is empty', '', 'holds neither INTERHUMAN_KEY_ID nor INTERHUMAN_KEY_SECRET'],
    [
      'that holds an address alone',
      'INTERHUMAN_API_URL=https://a.example',
      'holds neither INTERHUMAN_KEY_ID nor INTERHUMAN_KEY_SECRET',
    ],
    [
      'without the secret',
      'INTERHUMAN_KEY_ID=LEAK',
      'holds INTERHUMAN_KEY_ID but not INTERHUMAN_KEY_SECRET; put both there, as a credential is never made from two sources',
    ],
    [
      'without the id',
      'INTERHUMAN_KEY_ID=""\nINTERHUMAN_KEY_SECRET=LEAK',
      'holds INTERHUMAN_KEY_SECRET but not INTERHUMAN_KEY_ID; put both there, as a credential is never made from two sources',
    ],
  ])('%s is refused, and nothing of it is told', (_, content, reason) => {
    expect(readCredentialsFile(written(content), uid)).toEqual({ kind: 'refused', mode: '0600', reason })
  })
})

describe('the default file', () => {
  const at = (platform: string, env: Record<string, string> = {}) =>
    defaultFilePath({ platform, env, home: () => (platform === 'win32' ? 'C:\\Users\\a' : '/home/a') })

  test('stands in the platform’s own folder', () => {
    expect(at('linux')).toBe('/home/a/.config/interhuman/credentials.env')
    expect(at('darwin')).toBe('/home/a/Library/Application Support/interhuman/credentials.env')
    expect(at('win32')).toBe('C:\\Users\\a\\AppData\\Roaming\\interhuman\\credentials.env')
    expect(at('win32', { APPDATA: 'D:\\Data' })).toBe('D:\\Data\\interhuman\\credentials.env')
  })

  test('stands in the XDG folder where one is named, which must be absolute', () => {
    expect(at('linux', { XDG_CONFIG_HOME: '/xdg' })).toBe('/xdg/interhuman/credentials.env')
    expect(at('darwin', { XDG_CONFIG_HOME: '/xdg' })).toBe('/xdg/interhuman/credentials.env')
    for (const XDG_CONFIG_HOME of ['', '.', 'xdg', '../xdg'])
      expect(at('linux', { XDG_CONFIG_HOME })).toBe('/home/a/.config/interhuman/credentials.env')
  })
})
