import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { RandomBytes } from './base62.ts'
import type { Config } from './config.ts'
import { MASTER_KEY_BYTES } from './master-key.ts'
import { readSecretFile } from './secret-file.ts'
import { StartupError } from './startup-error.ts'

/** The files of a data folder. */
export interface DataFolder {
  readonly database: string
  readonly masterKey: string
  readonly firstKey: string
}

/** Names the files of a data folder. */
export function dataFolder(path: string): DataFolder {
  return {
    database: join(path, 'interhuman-auth.db'),
    masterKey: join(path, 'master.key'),
    firstKey: join(path, 'first-key.env'),
  }
}

/** Whether settings need a data folder: with PostgreSQL only for a master key that is nowhere else. */
export function needsDataFolder(
  config: Pick<Config, 'databaseUrl' | 'masterKey' | 'masterKeyFile' | 'masterKeyCommand'>,
): boolean {
  const { databaseUrl, masterKey, masterKeyFile, masterKeyCommand } = config
  return databaseUrl === null || [masterKey, masterKeyFile, masterKeyCommand].every((each) => each === null)
}

/**
 * Makes the data folder with mode 0700 unless it is there.
 *
 * @throws {StartupError} when it cannot be made or written to, or when others may enter it.
 */
export function prepareDataFolder(path: string): void {
  try {
    makeFolder(path)
  } catch (error) {
    throw new StartupError(`the data folder ${path} cannot be made (${errorCode(error)}); name one that can`)
  }
  refuseOpenFolder(path)
  try {
    accessSync(path, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new StartupError(
      `the data folder ${path} is not writable (${errorCode(error)}); check its permissions`,
    )
  }
}

/** Not by `recursive`: where nothing can be made, below `/proc` for one, Node tries for ever. */
function makeFolder(path: string): void {
  if (isFolder(path)) return
  const parent = dirname(path)
  if (!existsSync(parent)) makeFolder(parent)
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    // Another start may have been faster.
    if (!isFolder(path)) throw error
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

function refuseOpenFolder(path: string): void {
  const mode = statSync(path).mode & 0o777
  if (process.platform === 'win32' || (mode & 0o077) === 0) return
  throw new StartupError(
    `the data folder ${path} is open to others (mode ${mode.toString(8)}); run chmod 700 on it`,
  )
}

/**
 * Reads a master key file: 32 bytes in base64url.
 *
 * @throws {StartupError} when it is absent, open to others, or not a master key.
 */
export function readMasterKeyFile(path: string): Buffer {
  const name = `the master key file ${path}`
  const whenMissing = 'put it back from a backup'
  return parseMasterKey(
    readSecretFile(path, { name, whenMissing, maxBytes: MAX_MASTER_KEY_FILE_BYTES }),
    name,
  )
}

/** More than this is no master key. */
const MAX_MASTER_KEY_FILE_BYTES = 1024

/**
 * Reads a master key's text.
 *
 * @throws {StartupError} when it is not 32 bytes in base64url.
 */
export function parseMasterKey(text: string, source: string): Buffer {
  const key = Buffer.from(text.trim(), 'base64url')
  if (!/^[\w-]{43}$/.test(text.trim()) || key.length !== MASTER_KEY_BYTES)
    throw new StartupError(`${source} does not hold ${MASTER_KEY_BYTES} bytes in base64url`)
  return key
}

/**
 * Makes a master key file, 0600, unless there is one; of two that try at once both end up with the same key.
 *
 * @throws {StartupError} when it cannot be written, or what is there cannot be read.
 */
export function settleMasterKeyFile(path: string, randomBytes: RandomBytes): Buffer {
  if (!existsSync(path)) {
    try {
      makeMasterKeyFile(path, randomBytes)
    } catch (error) {
      throw new StartupError(`the master key file ${path} cannot be written (${errorCode(error)})`)
    }
  }
  return readMasterKeyFile(path)
}

function makeMasterKeyFile(path: string, randomBytes: RandomBytes): void {
  // Not by the process id: in containers that share a folder every start has the same one.
  const temporary = `${path}.${randomBytes(8).toString('hex')}`
  writeNew(temporary, `${randomBytes(MASTER_KEY_BYTES).toString('base64url')}\n`)
  try {
    linkSync(temporary, path)
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
  } finally {
    rmSync(temporary, { force: true })
  }
  syncFolder(path)
}

/**
 * Writes a file of secrets whole or not at all, 0600, and in the place of one that is there.
 *
 * @throws {StartupError} when the file cannot be written.
 */
export function replaceSecretFile(path: string, content: string): void {
  const temporary = `${path}.${process.pid}`
  try {
    rmSync(temporary, { force: true })
    writeNew(temporary, content)
    renameSync(temporary, path)
    syncFolder(path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw new StartupError(`${path} cannot be written (${errorCode(error)})`)
  }
}

/**
 * Writes a new file of secrets, 0600.
 *
 * @throws {StartupError} when something stands there already, or the file cannot be written.
 */
export function createSecretFile(path: string, content: string): void {
  try {
    writeNew(path, content)
    syncFolder(path)
  } catch (error) {
    if (errorCode(error) === 'EEXIST') throw new StartupError(`${path} exists already; name a new file`)
    throw new StartupError(`${path} cannot be written (${errorCode(error)})`)
  }
}

function writeNew(path: string, content: string): void {
  const descriptor = openSync(path, 'wx', 0o600)
  try {
    fchmodSync(descriptor, 0o600)
    writeFileSync(descriptor, content)
    fsyncSync(descriptor)
  } catch (error) {
    rmSync(path, { force: true })
    throw error
  } finally {
    closeSync(descriptor)
  }
}

/** A new name is on the disk only when its folder is. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return
  const descriptor = openSync(dirname(path), 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}
