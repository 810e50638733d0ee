import { parseApiUrl, TransportError } from '@interhuman-auth/client/strict'
import { DEFAULT_API_URL } from '@interhuman-auth/protocol'
import { EXIT, Refusal } from '../exit-codes.ts'
import type { Surroundings } from '../surroundings.ts'
import {
  API_URL_NAME,
  CONFIG_NAME,
  type Credential,
  type Finding,
  KEY_ID_NAME,
  KEY_SECRET_NAME,
  readCredential,
} from './credential.ts'
import { defaultFilePath, readCredentialsFile } from './file.ts'

/** A place that may hold a credential. */
export interface Source {
  /** What people read: `environment`, the file's path, or `keychain`. */
  readonly name: string
  /** Why it is looked at. */
  readonly role: 'environment' | 'file named by INTERHUMAN_CONFIG' | 'default file' | 'keychain'
  readonly finding: Finding
}

/** A credential, the address that it may go to, and where both came from. */
export interface Resolved {
  readonly source: Source
  readonly credential: Credential
  readonly apiUrl: string
}

/** Reads the sources one after the other, the one that counts first; the keychain only when all before it were read. */
export function* readSources(surroundings: Surroundings): Generator<Source, void, void> {
  yield* readPlainSources(surroundings)
  if (surroundings.keychain !== undefined)
    yield { name: 'keychain', role: 'keychain', finding: surroundings.keychain() }
}

/** Reads the sources that are there without asking anybody: the environment and the files. */
export function* readPlainSources(surroundings: Surroundings): Generator<Source, void, void> {
  const { env, uid } = surroundings
  yield { name: 'environment', role: 'environment', finding: readCredential((name) => env[name]) }
  const named = env[CONFIG_NAME] || undefined
  if (named !== undefined)
    yield { name: named, role: `file named by ${CONFIG_NAME}`, finding: readNamed(named, uid) }
  const path = defaultFilePath(surroundings)
  yield { name: path, role: 'default file', finding: readCredentialsFile(path, uid) }
}

function readNamed(path: string, uid: number | undefined): Finding {
  const finding = readCredentialsFile(path, uid)
  return finding.kind === 'absent' ? { kind: 'refused', reason: 'does not exist' } : finding
}

/**
 * Takes the first source that holds anything. Id, secret and address come from that one source; what it lacks is not
 * looked for in the next.
 *
 * @param apiUrlOption What `--api-url` says.
 * @throws {Refusal} 3 when there is no credential or the source is refused, 7 when the key may not go to the address.
 * @see Our contract, section 9
 */
export function resolveCredential(
  sources: Iterable<Source>,
  surroundings: Surroundings,
  apiUrlOption: string | undefined,
): Resolved {
  let unasked: string | undefined
  for (const source of sources) {
    const { finding } = source
    if (finding.kind === 'absent') unasked ??= finding.reason
    if (finding.kind === 'refused') throw new Refusal(EXIT.credential, describeRefused(source, finding))
    if (finding.kind === 'found') {
      const { credential } = finding
      return { source, credential, apiUrl: settleAddress(source, credential, surroundings, apiUrlOption) }
    }
  }
  throw new Refusal(EXIT.credential, describeNone(surroundings, unasked))
}

function describeRefused(source: Source, finding: { reason: string; mode?: string | undefined }): string {
  const mode = finding.mode === undefined ? '' : ` (mode ${finding.mode})`
  if (source.role === 'keychain') return `the keychain ${finding.reason}; run interhuman-auth login`
  return source.role === 'environment'
    ? `the environment ${finding.reason}`
    : `the credentials file ${source.name}${mode} ${finding.reason}`
}

function describeNone(surroundings: Surroundings, unasked: string | undefined): string {
  const { keychain } = surroundings
  const login = keychain === undefined ? '' : 'run interhuman-auth login, or '
  const reason = keychain === undefined ? "this version does not read the system's keychain" : ''
  const why = unasked === undefined ? reason : `the keychain was not read: ${unasked}`
  return (
    `no credential found; ${login}set ${KEY_ID_NAME} and ${KEY_SECRET_NAME}, or write both to ` +
    `${defaultFilePath(surroundings)} with mode 0600${why === '' ? '' : ` (${why})`}`
  )
}

function settleAddress(
  source: Source,
  credential: Credential,
  { env }: Surroundings,
  apiUrlOption: string | undefined,
): string {
  const said = [
    ['--api-url', apiUrlOption],
    [API_URL_NAME, env[API_URL_NAME] || undefined],
  ] as const
  const elsewhere = said.flatMap(([by, address]) =>
    address === undefined ? [] : [{ by, address: readAddress(address, by, EXIT.usage) }],
  )
  const [first, second] = elsewhere
  if (source.role === 'environment') {
    if (first !== undefined && second !== undefined && first.address !== second.address)
      throw new Refusal(
        EXIT.untrusted,
        `the environment's key goes only to the address beside it, ${second.address}, and ${first.by} names another; ` +
          'nothing was sent',
      )
    return first?.address ?? parseApiUrl(DEFAULT_API_URL)
  }
  const stored = credential.apiUrl ?? DEFAULT_API_URL
  const own = readAddress(stored, `${API_URL_NAME} in ${source.name}`, EXIT.credential)
  const other = elsewhere.find(({ address }) => address !== own)
  if (other === undefined) return own
  throw new Refusal(
    EXIT.untrusted,
    `the key from ${source.name} goes only to the address stored with it, ${own}, and ${other.by} names another; ` +
      'nothing was sent',
  )
}

/**
 * Reads an address that a key may go to.
 *
 * @param by What said it, for people.
 * @param malformed The exit code when it is no address.
 * @throws {Refusal} that one, or 7 when it is plain http to another machine.
 */
export function readAddress(address: string, by: string, malformed: number): string {
  try {
    return parseApiUrl(address)
  } catch (fault) {
    if (fault instanceof TransportError)
      throw new Refusal(EXIT.untrusted, `${by} is plain http to another machine; use https; nothing was sent`)
    throw new Refusal(
      malformed,
      `${by} is not an https address without user information, query, fragment or spaces; nothing was sent`,
    )
  }
}
