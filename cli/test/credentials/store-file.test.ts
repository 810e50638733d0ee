import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { readCredentialsFile } from '../../src/credentials/file.ts'
import { filePlace, prepareFile, removeFromFile, storeInFile } from '../../src/credentials/store-file.ts'
import { Refusal } from '../../src/exit-codes.ts'
import { temporaryFolder } from '../support/run-command.ts'

const uid = process.geteuid?.()
const key = { keyId: 'i', keySecret: 'LEAK "s\\', apiUrl: 'https://a.example' }

let home = ''
beforeEach(() => {
  home = temporaryFolder()
})

const defaultPlace = () => filePlace({ env: {}, platform: 'linux', home: () => home })
const namedPlace = (path: string) =>
  filePlace({ env: { INTERHUMAN_CONFIG: path }, platform: 'linux', home: () => home })
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)

function refusalOf(act: () => void): string {
  try {
    act()
  } catch (fault) {
    expect(fault).toBeInstanceOf(Refusal)
    expect((fault as Refusal).exitCode).toBe(3)
    return (fault as Refusal).message
  }
  return expect.unreachable()
}

describe('a stored key', () => {
  test('is in a file of mode 0600 in a folder of mode 0700, reads back as it was, and nothing lies beside it', () => {
    const place = defaultPlace()
    prepareFile(place, uid)
    storeInFile(place, key)
    expect([modeOf(place.path), modeOf(join(place.path, '..'))]).toEqual(['600', '700'])
    expect(readCredentialsFile(place.path, uid)).toMatchObject({ kind: 'found', credential: key })
    expect(readdirSync(join(place.path, '..'))).toEqual(['credentials.env'])
  })

  test('takes the place of one before, closes an open file and folder, and keeps what else the file says', () => {
    const place = defaultPlace()
    mkdirSync(join(place.path, '..'), { recursive: true, mode: 0o755 })
    writeFileSync(place.path, '\uFEFF# mine\r\nexport INTERHUMAN_KEY_ID="old"\nOTHER=LEAK', { mode: 0o644 })
    prepareFile(place, uid)
    storeInFile(place, key)
    expect([modeOf(place.path), modeOf(join(place.path, '..'))]).toEqual(['600', '700'])
    expect(readCredentialsFile(place.path, uid)).toMatchObject({ kind: 'found', credential: key })
    expect(readFileSync(place.path, 'utf8')).toMatch(/^\uFEFF# mine\r\nOTHER=LEAK\nINTERHUMAN_KEY_ID=i\n/)

    expect(removeFromFile(place, uid)).toBe(true)
    expect(readFileSync(place.path, 'utf8')).toBe('\uFEFF# mine\r\nOTHER=LEAK\n')
    expect(removeFromFile(place, uid)).toBe(false)
  })

  test('leaves a folder that is named as it is, also by way of a symbolic link', () => {
    mkdirSync(join(home, 'named'), { mode: 0o755 })
    symlinkSync(join(home, 'named'), join(home, 'link'))
    const place = namedPlace(join(home, 'link', 'a.env'))
    prepareFile(place, uid)
    storeInFile(place, key)
    expect([modeOf(join(home, 'named')), modeOf(place.path)]).toEqual(['755', '600'])
  })

  test('leaves no file behind when nothing else was in it', () => {
    const place = defaultPlace()
    prepareFile(place, uid)
    storeInFile(place, key)
    expect([removeFromFile(place, uid), existsSync(place.path), removeFromFile(place, uid)]).toEqual([
      true,
      false,
      false,
    ])
  })
})

describe('what could let another in is refused before anything is sent', () => {
  test('a symbolic link', () => {
    const target = join(home, 'target')
    writeFileSync(target, 'as it was')
    symlinkSync(target, join(home, 'link'))
    const place = namedPlace(join(home, 'link'))
    expect(refusalOf(() => prepareFile(place, uid))).toMatch(/is a symbolic link; name the file itself/)
    expect(refusalOf(() => removeFromFile(place, uid))).toMatch(/is a symbolic link/)
    expect(readFileSync(target, 'utf8')).toBe('as it was')
  })

  test('a default folder that is a symbolic link: what it leads to stays as it was', () => {
    const place = defaultPlace()
    const target = join(home, 'target')
    mkdirSync(target, { mode: 0o755 })
    mkdirSync(join(home, '.config'))
    symlinkSync(target, join(home, '.config', 'interhuman'))
    expect(refusalOf(() => prepareFile(place, uid))).toMatch(/is reached by a symbolic link; name the file/)
    expect([modeOf(target), readdirSync(target)]).toEqual(['755', []])
  })

  test('a folder that others can write to, unless it keeps them off each other’s files', () => {
    const place = namedPlace(join(home, 'shared', 'a.env'))
    mkdirSync(join(home, 'shared'))
    chmodSync(join(home, 'shared'), 0o777)
    expect(refusalOf(() => prepareFile(place, uid))).toMatch(/is in a folder that others can write to/)
    chmodSync(join(home, 'shared'), 0o1777)
    prepareFile(place, uid)
    expect(modeOf(join(home, 'shared'))).toBe('777')
  })

  test('another user’s file, and what is no file', () => {
    const place = namedPlace(join(home, 'a.env'))
    writeFileSync(place.path, '')
    expect(refusalOf(() => prepareFile(place, (uid ?? 0) + 1))).toMatch(/belongs to another user/)
    expect(refusalOf(() => prepareFile(namedPlace(home), uid))).toMatch(/is not a regular file/)
  })

  test('a file that cannot be kept as it is', () => {
    const place = namedPlace(join(home, 'a.env'))
    writeFileSync(place.path, Buffer.of(0xff))
    expect(refusalOf(() => prepareFile(place, uid))).toMatch(/not UTF-8 text; name another/)
    writeFileSync(place.path, 'LEAK')
    expect(refusalOf(() => prepareFile(place, uid))).toMatch(
      /: line 1 is not of the form NAME=value; name another/,
    )
    expect(refusalOf(() => prepareFile(namedPlace(join(place.path, 'b')), uid))).toMatch(
      /is in no folder; name another/,
    )
  })
})
