import type { Stats } from 'node:fs'
import { dirname } from 'node:path'
import { builtin } from '../builtin.ts'
import { EXIT, Refusal } from '../exit-codes.ts'
import { FolderFault, makeFolder, openFolder } from '../own-folder.ts'
import type { Surroundings } from '../surroundings.ts'
import { API_URL_NAME, CONFIG_NAME, type Credential, KEY_ID_NAME, KEY_SECRET_NAME } from './credential.ts'
import { formatAssignment, parseDotenv, withoutAssignments } from './dotenv.ts'
import { defaultFilePath, readText } from './file.ts'
import { flushFolder, writeWholeFile } from './whole-file.ts'

const { lstatSync, statSync, unlinkSync }: typeof import('node:fs') = builtin('node:fs')

const WRITABLE_BY_OTHERS = 0o022
const STICKY = 0o1000
const names = [KEY_ID_NAME, KEY_SECRET_NAME, API_URL_NAME]

/** The file that a credential is stored in: the one that `INTERHUMAN_CONFIG` names, or else the default one. */
export interface FilePlace {
  readonly path: string
  /** The folder is ours alone, so that its mode is ours to set. */
  readonly ownFolder: boolean
}

/** Says which file a credential is stored in. */
export function filePlace(surroundings: Pick<Surroundings, 'env' | 'platform' | 'home'>): FilePlace {
  const named = surroundings.env[CONFIG_NAME] || undefined
  return { path: named ?? defaultFilePath(surroundings), ownFolder: named === undefined }
}

/**
 * Makes the folder (0700) and sees that the file can be put there: not through a symbolic link, not over another user's,
 * not into a folder in which others can put another in its place. The default folder is closed to others; one that is
 * named is left as it is.
 *
 * @throws {Refusal} 3, before anything is sent.
 */
export function prepareFile({ path, ownFolder }: FilePlace, uid: number | undefined): void {
  if (ownFolder) openOwnFolder(path, uid)
  else openNamedFolder(path, uid)
  refuseUnsafe(path, uid)
  const reading = parseDotenv(readOthersLines(path), [])
  if ('problem' in reading) throw unusable(path, `cannot take a key: ${reading.problem}; name another file`)
}

/**
 * Stores a credential in a file, whole or not at all, mode 0600. Other lines that the file has are kept.
 *
 * @throws {Refusal} 3 when the file cannot be written; then it is as it was.
 */
export function storeInFile({ path }: FilePlace, credential: Credential & { apiUrl: string }): void {
  const { keyId, keySecret, apiUrl } = credential
  const lines = [
    formatAssignment(KEY_ID_NAME, keyId),
    formatAssignment(KEY_SECRET_NAME, keySecret),
    formatAssignment(API_URL_NAME, apiUrl),
  ]
  attempt(path, () => writeWholeFile(path, `${readOthersLines(path)}${lines.join('\n')}\n`))
}

/**
 * Takes the credential out of a file, and the file away when nothing else is in it.
 *
 * @returns Whether there was one.
 * @throws {Refusal} 3 when the file is not ours to change, or cannot be; then it is as it was.
 */
export function removeFromFile({ path }: FilePlace, uid: number | undefined): boolean {
  if (refuseUnsafe(path, uid) === undefined) return false
  const others = readOthersLines(path)
  if (others === (readText(path) ?? '')) return false
  attempt(path, () => {
    if (others.trim() !== '') return writeWholeFile(path, others)
    unlinkSync(path)
    flushFolder(dirname(path))
  })
  return true
}

function openOwnFolder(path: string, uid: number | undefined): void {
  try {
    openFolder(dirname(path), uid)
  } catch (fault) {
    if (!(fault instanceof FolderFault)) throw fault
    throw new Refusal(
      EXIT.credential,
      `the folder of the credentials file ${path} ${fault.message}; name the file in ${CONFIG_NAME}`,
    )
  }
}

function openNamedFolder(path: string, uid: number | undefined): void {
  const folder = dirname(path)
  attempt(path, () => makeFolder(folder))
  const stats = attempt(path, () => statSync(folder))
  if (!stats.isDirectory()) throw unusable(path, 'is in no folder; name another file')
  if (uid !== undefined && isOpen(stats))
    throw unusable(
      path,
      'is in a folder that others can write to; close it with chmod go-w, or name another file',
    )
}

function readOthersLines(path: string): string {
  const text = attempt(path, () => readText(path))
  if (text === undefined) throw unusable(path, 'is larger than 64 KiB or not UTF-8 text; name another file')
  return withoutAssignments(text, names)
}

function refuseUnsafe(path: string, uid: number | undefined): Stats | undefined {
  const found = attempt(path, () => lstatSync(path, { throwIfNoEntry: false }))
  if (found === undefined) return undefined
  if (found.isSymbolicLink())
    throw unusable(path, `is a symbolic link; name the file itself in ${CONFIG_NAME}`)
  if (!found.isFile()) throw unusable(path, 'is not a regular file; name another')
  if (uid !== undefined && found.uid !== uid) throw unusable(path, 'belongs to another user; name another')
  return found
}

function isOpen({ mode }: Stats): boolean {
  return (mode & WRITABLE_BY_OTHERS) !== 0 && (mode & STICKY) === 0
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action()
  } catch (fault) {
    if (fault instanceof Refusal) throw fault
    const { code } = fault as NodeJS.ErrnoException
    throw unusable(path, `cannot be used (${code}); it is as it was`)
  }
}

function unusable(path: string, what: string): Refusal {
  return new Refusal(EXIT.credential, `the credentials file ${path} ${what}`)
}
