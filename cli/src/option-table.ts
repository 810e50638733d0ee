import { DEFAULT_TIMEOUT_MS } from '@interhuman-auth/client/strict'
import { API_VERSIONS, DEFAULT_API_URL, SCOPES } from '@interhuman-auth/protocol'

/** An option: its name, the placeholder of its value or the values that it may have (neither: it has none), and what it does. */
export interface OptionRow {
  readonly name: string
  readonly value?: string
  readonly choices?: readonly string[]
  /** Values that a shell offers, besides which there are others. */
  readonly suggested?: readonly string[]
  /** Its value names a file. */
  readonly file?: true
  readonly multiple?: true
  readonly help: string
}

// Every option there is, a constant each, so that the skill's script carries only its own. None takes a key or a
// secret: what stands in a command line is seen by every process.

/** `--scope`. */
export const scope = {
  name: 'scope',
  value: 'S',
  suggested: SCOPES,
  multiple: true,
  help: `a scope to ask for, ${SCOPES.join(' or ')}; may be repeated`,
} as const

/** `--output`. */
export const output = {
  name: 'output',
  value: 'F',
  file: true,
  help: 'write the answer to this file (0600, whole or not at all), nothing to standard output',
} as const

/** `--online`. */
export const online = {
  name: 'online',
  help: 'also walk the way to the address, make one exchange, compare the clocks, and say what is at fault',
} as const

/** `--check`. */
export const check = {
  name: 'check',
  help: 'say where a credential was found, and make no exchange',
} as const

/** `--keychain`. */
export const keychain = {
  name: 'keychain',
  help: 'ask the keychain as well where a source before it counts',
} as const

/** `--api-version`. */
export const apiVersion = {
  name: 'api-version',
  choices: API_VERSIONS,
  help: `the version of the exchange, ${API_VERSIONS[0]} if absent`,
} as const

/** `--api-url`. */
export const apiUrl = {
  name: 'api-url',
  value: 'U',
  help: `the address of the API, ${DEFAULT_API_URL} if absent; a key from a file goes only to the address stored with it`,
} as const

/** `--timeout`. */
export const timeout = {
  name: 'timeout',
  value: 'S',
  help: `seconds that the whole exchange may take, ${DEFAULT_TIMEOUT_MS / 1000} if absent`,
} as const

/** `--as`. */
export const as = {
  name: 'as',
  choices: ['header', 'token', 'env', 'curl-config', 'json'],
  help: 'how to print it: a header line (if absent), the token alone, a line for the shell to eval, one for curl --config, or JSON',
} as const

/** `--min-life`. */
export const minLife = {
  name: 'min-life',
  value: 'S',
  help: 'seconds that the token must live at the least; a cached one that lives for less is not used',
} as const

/** `--store`. */
export const store = {
  name: 'store',
  choices: ['file', 'keychain'],
  help: "where the key is stored: a file of mode 0600, or the system's keychain",
} as const

/** `--proxy`. */
export const proxy = {
  name: 'proxy',
  help: 'give COMMAND a base URL on this machine instead of a token, which is added there and kept alive',
} as const

/** `--port`. */
export const port = {
  name: 'port',
  value: 'P',
  help: 'the port to listen on, any that is free if absent',
} as const

/** `--allow-path`. */
export const allowPath = {
  name: 'allow-path',
  value: 'P',
  multiple: true,
  help: 'a path to forward besides those that the API is known to have, and with /* at its end all below it; may be repeated',
} as const

/** `--allow-origin`. */
export const allowOrigin = {
  name: 'allow-origin',
  value: 'O',
  multiple: true,
  help: 'the origin of a web page that may ask; none may if absent; may be repeated',
} as const

/** `--no-secret`. */
export const noSecret = {
  name: 'no-secret',
  help: 'let in every program and user of this machine, for tools that drop the path of a base URL',
} as const

/** `--verbose`. */
export const verbose = {
  name: 'verbose',
  help: 'say each request on standard error: method, path, status, time',
} as const

/** `--json`. */
export const json = {
  name: 'json',
  help: 'say it as one JSON object on standard output, a failure too',
} as const

/** `--help`. */
export const help = { name: 'help', help: 'print this text' } as const
