import {
  API_URL_NAME,
  type Credential,
  KEY_ID_NAME,
  KEY_SECRET_NAME,
  readCredential,
} from './credentials/credential.ts'
import { isAssignable, parseDotenv } from './credentials/dotenv.ts'
import { EXIT, Refusal } from './exit-codes.ts'
import { readInput } from './read-input.ts'
import type { Surroundings } from './surroundings.ts'
import { ask } from './terminal.ts'

/**
 * Reads a key that is to be stored: asked for at a terminal, the secret unseen, or else from standard input, where it
 * stands as in a credentials file, or as the id and the secret on a line each.
 *
 * @throws {Refusal} 2 when there is none, or it cannot stand in a credentials file; 130 after Ctrl-C.
 */
export async function readKey(surroundings: Surroundings): Promise<Credential> {
  const key = surroundings.stdin.isTTY
    ? await askForKey(surroundings)
    : parseKey(await readInput(surroundings.stdin))
  if (key.keyId === '' || key.keySecret === '') throw refuse('the id or the secret is empty')
  if (Object.values(key).every((value) => value === undefined || isAssignable(value))) return key
  throw refuse('the id or the secret holds what cannot stand in a line of a file')
}

async function askForKey(surroundings: Surroundings): Promise<Credential> {
  const [keyId = '', keySecret = ''] = await ask(surroundings, [
    { text: 'key id: ', echo: true },
    { text: 'key secret (is not shown): ', echo: false },
  ])
  return { keyId, keySecret, apiUrl: undefined }
}

function parseKey(text: string): Credential {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const [keyId = '', keySecret = ''] = lines
  if (!lines.some((line) => /^(?:export\s+)?INTERHUMAN_[A-Z_]+\s*=/.test(line))) {
    if (lines.length === 2) return { keyId, keySecret, apiUrl: undefined }
    throw refuse(
      `standard input is neither ${KEY_ID_NAME}= and ${KEY_SECRET_NAME}= nor the two on a line each`,
    )
  }
  const reading = parseDotenv(text, [KEY_ID_NAME, KEY_SECRET_NAME, API_URL_NAME])
  if ('problem' in reading) throw refuse(`standard input cannot be read: ${reading.problem}`)
  const finding = readCredential((name) => reading.values.get(name))
  if (finding.kind === 'found') return finding.credential
  throw refuse(`standard input lacks ${KEY_ID_NAME} or ${KEY_SECRET_NAME}`)
}

function refuse(what: string): Refusal {
  return new Refusal(EXIT.usage, `${what}; nothing was stored`)
}
