import { builtin } from '../builtin.ts'
import type { Surroundings } from '../surroundings.ts'
import {
  API_URL_NAME,
  type Credential,
  type Finding,
  KEY_ID_NAME,
  KEY_SECRET_NAME,
  readCredential,
} from './credential.ts'

/** What the keychain's own process is asked for. */
export type KeychainAction = 'read' | 'write' | 'remove'

/** What it answers: the item or whether there was one, or why it could not. */
export type KeychainAnswer = { readonly value: string | boolean | null } | { readonly problem: string }

/** The longest that a start of that process and its own time-out may take together, in milliseconds. */
const LIMIT_MS = 10_000
const MAX_ANSWER_BYTES = 64 * 1024

/**
 * Says what the keychain holds. Where there is none, or it does not answer, nothing is held, and why is told.
 *
 * @see Our contract, section 9
 */
export function readKeychain(surroundings: KeychainSurroundings): Finding {
  const answer = askKeychain('read', '', surroundings)
  if ('problem' in answer) return { kind: 'absent', reason: answer.problem }
  if (typeof answer.value !== 'string') return { kind: 'absent' }
  const values = fromItem(answer.value)
  if (values === undefined)
    return { kind: 'refused', reason: 'holds an item that is not of this command’s form' }
  return readCredential((name) => values[name])
}

/**
 * Stores a credential, id, secret and address as one item.
 *
 * @returns Why it could not, or nothing.
 */
export function storeInKeychain(
  credential: Credential,
  surroundings: KeychainSurroundings,
): string | undefined {
  const answer = askKeychain('write', toItem(credential), surroundings)
  return 'problem' in answer ? answer.problem : undefined
}

/** Takes the item out of the keychain: whether there was one, or why it could not. */
export function removeFromKeychain(
  surroundings: KeychainSurroundings,
): boolean | { readonly problem: string } {
  const answer = askKeychain('remove', '', surroundings)
  return 'problem' in answer ? answer : answer.value === true
}

/** What of the surroundings decides on a keychain. */
export type KeychainSurroundings = Pick<Surroundings, 'env' | 'platform' | 'uid'>

/**
 * Asks in a process of its own, which can be ended when a keychain hangs; the item goes through pipes, never an argument.
 * Waited for without letting go: a command that needs a credential has nothing else to do.
 */
function askKeychain(
  action: KeychainAction,
  item: string,
  surroundings: KeychainSurroundings,
): KeychainAnswer {
  if (!mayHaveKeychain(surroundings)) return { problem: 'there is no secret service on this machine' }
  const { spawnSync }: typeof import('node:child_process') = builtin('node:child_process')
  const { fileURLToPath }: typeof import('node:url') = builtin('node:url')
  const child = fileURLToPath(new URL('./keychain-child.js', import.meta.url))
  const { stdout } = spawnSync(process.execPath, [child, action], {
    input: item,
    env: surroundings.env,
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_ANSWER_BYTES,
    windowsHide: true,
  })
  try {
    return JSON.parse(stdout.toString('utf8')) as KeychainAnswer
  } catch {
    return { problem: 'it gave no answer' }
  }
}

/** On Linux there is a secret service only where there is a session bus: that is seen without asking anybody. */
function mayHaveKeychain({ env, platform, uid }: KeychainSurroundings): boolean {
  if (platform !== 'linux' || env.DBUS_SESSION_BUS_ADDRESS) return true
  const { existsSync }: typeof import('node:fs') = builtin('node:fs')
  return existsSync(`${env.XDG_RUNTIME_DIR || `/run/user/${uid}`}/bus`)
}

/** Writes the one item of the keychain: id, secret and address together, so that they come from one source. */
function toItem({ keyId, keySecret, apiUrl }: Credential): string {
  return JSON.stringify({ [KEY_ID_NAME]: keyId, [KEY_SECRET_NAME]: keySecret, [API_URL_NAME]: apiUrl })
}

/** Reads the item: values by name, or `undefined` if it is not of that form. */
function fromItem(item: string): Readonly<Record<string, string>> | undefined {
  try {
    const values: unknown = JSON.parse(item)
    if (typeof values !== 'object' || values === null || Array.isArray(values)) return undefined
    return Object.values(values).every((value) => typeof value === 'string')
      ? (values as Record<string, string>)
      : undefined
  } catch {
    return undefined
  }
}
