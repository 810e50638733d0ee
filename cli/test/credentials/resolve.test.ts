import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { readSources, resolveCredential } from '../../src/credentials/resolve.ts'
import { Refusal } from '../../src/exit-codes.ts'
import type { Surroundings } from '../../src/surroundings.ts'
import { temporaryFolder } from '../support/run-command.ts'

let home = ''
beforeEach(() => {
  home = temporaryFolder()
})

const inEnvironment = { INTERHUMAN_KEY_ID: 'env', INTERHUMAN_KEY_SECRET: 'LEAKenv' }

function resolve(env: Record<string, string>, apiUrl?: string) {
  const surroundings = { env, platform: 'linux', home: () => home, uid: process.geteuid?.() } as Surroundings
  const { credential, apiUrl: address } = resolveCredential(readSources(surroundings), surroundings, apiUrl)
  return { keyId: credential.keyId, keySecret: credential.keySecret, address }
}

function refusalOf(env: Record<string, string>, apiUrl?: string): [number, string] {
  try {
    resolve(env, apiUrl)
  } catch (fault) {
    expect(fault).toBeInstanceOf(Refusal)
    const { exitCode, message } = fault as Refusal
    expect(message).not.toContain('LEAK')
    return [exitCode, message]
  }
  return expect.unreachable()
}

/** Writes a credentials file: the default one, or one at a path of its own. */
function file(id: string, more = '', path = join(home, '.config/interhuman/credentials.env')): string {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `INTERHUMAN_KEY_ID=${id}\nINTERHUMAN_KEY_SECRET=LEAK${id}\n${more}`, { mode: 0o600 })
  return path
}

describe('the first source that holds anything counts', () => {
  test('the environment, then the file that INTERHUMAN_CONFIG names, then the default file', () => {
    file('default')
    const INTERHUMAN_CONFIG = file('named', '', join(home, 'named.env'))
    expect(resolve({ ...inEnvironment, INTERHUMAN_CONFIG }).keyId).toBe('env')
    expect(resolve({ INTERHUMAN_CONFIG }).keyId).toBe('named')
    expect(resolve({}).keyId).toBe('default')
    expect(resolve({ INTERHUMAN_CONFIG: '', INTERHUMAN_KEY_ID: '', INTERHUMAN_KEY_SECRET: '' }).keyId).toBe(
      'default',
    )
  })

  test('and none at all is exit code 3, saying where to put one', () => {
    expect(refusalOf({})).toEqual([
      3,
      `no credential found; set INTERHUMAN_KEY_ID and INTERHUMAN_KEY_SECRET, or write both to ${home}/.config/interhuman/credentials.env with mode 0600 (this version does not read the system's keychain)`,
    ])
  })

  test('a `.env` of the current folder is no source', () => {
    const before = process.cwd()
    file('here', '', join(home, '.env'))
    try {
      process.chdir(home)
      expect(refusalOf({})[0]).toBe(3)
    } finally {
      process.chdir(before)
    }
  })
})

describe('a source that is refused ends the search: exit code 3', () => {
  test('half a credential in the environment, though a file has all', () => {
    file('default')
    const [code, message] = refusalOf({ INTERHUMAN_KEY_ID: 'LEAK' })
    expect([code, message]).toEqual([
      3,
      'the environment holds INTERHUMAN_KEY_ID but not INTERHUMAN_KEY_SECRET; put both there, as a credential is never made from two sources',
    ])
    expect(refusalOf({ INTERHUMAN_KEY_SECRET: 'LEAK' })[1]).toContain('holds INTERHUMAN_KEY_SECRET but not')
  })

  test('a file that was named and is not there, though the default one is', () => {
    file('default')
    expect(refusalOf({ INTERHUMAN_CONFIG: join(home, 'none') })).toEqual([
      3,
      `the credentials file ${home}/none does not exist`,
    ])
  })

  test('half a credential in a file, though the environment has the other half', () => {
    writeFileSync(join(home, 'half.env'), 'INTERHUMAN_KEY_ID=LEAK\n', { mode: 0o600 })
    expect(refusalOf({ INTERHUMAN_CONFIG: join(home, 'half.env') })[1]).toContain(
      `${home}/half.env (mode 0600) holds`,
    )
  })
})

describe('a key from the environment goes where it is told', () => {
  test('--api-url or INTERHUMAN_API_URL, then the published address', () => {
    const INTERHUMAN_API_URL = 'https://variable.example/'
    expect(resolve(inEnvironment, 'https://option.example').address).toBe('https://option.example')
    expect(resolve({ ...inEnvironment, INTERHUMAN_API_URL }).address).toBe('https://variable.example')
    expect(resolve({ ...inEnvironment, INTERHUMAN_API_URL: '' }).address).toBe('https://api.interhuman.ai')
  })

  test('but nowhere where the two name different addresses: exit code 7', () => {
    const env = { ...inEnvironment, INTERHUMAN_API_URL: 'https://variable.example/' }
    expect(refusalOf(env, 'https://option.example')[0]).toBe(7)
    expect(resolve(env, 'https://variable.example').address).toBe('https://variable.example')
  })

  test('but not over plain http to another machine: exit code 7', () => {
    expect(refusalOf({ ...inEnvironment, INTERHUMAN_API_URL: 'http://example.com' })[0]).toBe(7)
    expect(refusalOf(inEnvironment, 'http://example.com')[0]).toBe(7)
    expect(resolve(inEnvironment, 'http://127.0.0.1:1').address).toBe('http://127.0.0.1:1')
  })

  test('and an address that is none is wrong usage, not repeated', () => {
    expect(refusalOf(inEnvironment, 'https://LEAK@example.com')[0]).toBe(2)
    expect(refusalOf({ ...inEnvironment, INTERHUMAN_API_URL: 'LEAK' })[0]).toBe(2)
  })
})

describe('a key from a file goes only to the address stored with it', () => {
  const stored = 'INTERHUMAN_API_URL=http://127.0.0.1:4747\n'

  test('which is the published one if none is', () => {
    file('a')
    expect(resolve({}).address).toBe('https://api.interhuman.ai')
    expect(resolve({ INTERHUMAN_API_URL: 'https://API.interhuman.ai:443/' }).address).toBe(
      'https://api.interhuman.ai',
    )
  })

  test('and saying the same is no contradiction', () => {
    file('a', stored)
    expect(resolve({ INTERHUMAN_API_URL: 'http://127.0.0.1:4747/' }, 'http://127.1:4747').address).toBe(
      'http://127.0.0.1:4747',
    )
  })

  test.each([
    ['--api-url', {}, 'https://elsewhere.example'],
    ['INTERHUMAN_API_URL', { INTERHUMAN_API_URL: 'https://elsewhere.example' }, undefined],
    ['INTERHUMAN_API_URL', { INTERHUMAN_API_URL: 'https://elsewhere.example' }, 'http://127.0.0.1:4747'],
    ['--api-url', {}, 'http://localhost:4747'],
    ['--api-url', {}, 'http://127.0.0.1:4748'],
    ['--api-url', {}, 'http://127.0.0.1:4747/below'],
    ['--api-url', {}, 'https://127.0.0.1:4747'],
  ])('%s that says otherwise is exit code 7: %j %s', (by, env, apiUrl) => {
    const path = file('a', stored)
    expect(refusalOf(env as Record<string, string>, apiUrl)).toEqual([
      7,
      `the key from ${path} goes only to the address stored with it, http://127.0.0.1:4747, and ${by} names another; nothing was sent`,
    ])
  })

  test('which must be one: a bad one in the file is exit code 3, plain http elsewhere 7', () => {
    file('a', 'INTERHUMAN_API_URL=LEAK\n')
    expect(refusalOf({})[0]).toBe(3)
    file('a', 'INTERHUMAN_API_URL=http://example.com\n')
    expect(refusalOf({})[0]).toBe(7)
  })
})
