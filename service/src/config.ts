import { resolve } from 'node:path'
import { ALGORITHMS, type Algorithm, ERROR_PAGE_PATH, isAlgorithm } from '@interhuman-auth/protocol'
import { StartupError } from './startup-error.ts'

const ENVIRONMENT_PREFIX = 'INTERHUMAN_AUTH_'

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const
type LogLevel = (typeof LOG_LEVELS)[number]

/** How the service runs. Times in milliseconds, sizes in bytes, as their names say. */
export interface Config {
  readonly host: string
  readonly port: number
  /** Absolute. */
  readonly dataDir: string
  /** `null`: what the store has settled, or {@link DEFAULT_ISSUER}. */
  readonly issuer: string | null
  /** `null`: the issuer. */
  readonly audience: string | null
  readonly algorithm: Algorithm
  /** `null`: the issuer and `/errors`. */
  readonly errorPage: string | null
  /** `null`: `master.key` in the data folder. */
  readonly masterKeyFile: string | null
  /** `null`: the file. A secret. */
  readonly masterKey: string | null
  readonly maxBodyBytes: number
  readonly maxHeaderBytes: number
  readonly requestTimeoutMs: number
  readonly keepAliveTimeoutMs: number
  readonly maxConnections: number
  readonly shutdownTimeoutMs: number
  readonly logLevel: LogLevel
}

/** What the issuer is when nobody says otherwise: a constant, since an issuer must not change with a port. */
export const DEFAULT_ISSUER = 'http://127.0.0.1:4747'

/** A row of the configuration table: the parser, `--help`, the errors and `docs/configuration.md` come from it. */
export interface Setting<Name extends keyof Config = keyof Config> {
  readonly name: Name
  /** What it is, for people; units included. */
  readonly description: string
  /** How the default reads, for people. */
  readonly defaultText: string
  /** What a value looks like, for people. */
  readonly placeholder: string
  /** A secret has no flag: it comes from the environment only. */
  readonly secret: boolean
  readonly defaultValue: Config[Name]
  /** @throws {TypeError} whose message says what a value must be, never the value itself. */
  parse(text: string): Config[Name]
}

function setting<Name extends keyof Config>(
  name: Name,
  defaultValue: Config[Name],
  parse: (text: string) => Config[Name],
  text: { placeholder: string; description: string; defaultText?: string; secret?: boolean },
): Setting<Name> {
  return { name, defaultValue, parse, defaultText: String(defaultValue), secret: false, ...text }
}

/** Every setting of the service, in the order in which people read them. */
export const CONFIGURATION = [
  setting('host', '127.0.0.1', parseHost, {
    placeholder: 'HOST',
    description: 'Address to listen on. Put a TLS proxy in front of anything but loopback.',
  }),
  setting('port', 4747, integer(0, 65_535), {
    placeholder: 'PORT',
    description: 'Port to listen on; 0 takes a free one.',
  }),
  setting('dataDir', resolve('data'), (text) => resolve(parseText(text)), {
    placeholder: 'FOLDER',
    description: 'Folder of the database, the master key and the first key; made with mode 0700.',
    defaultText: '`data` in the current folder',
  }),
  setting('issuer', null, parseAddress, {
    placeholder: 'URL',
    description:
      'The `iss` of every token. Settled at the first start and kept in the store; a later start that says otherwise is refused.',
    defaultText: `\`${DEFAULT_ISSUER}\`, whatever the port`,
  }),
  setting('audience', null, parseText, {
    placeholder: 'TEXT',
    description: 'The `aud` of every token.',
    defaultText: 'the issuer',
  }),
  setting('algorithm', 'ES256', parseAlgorithm, {
    placeholder: ALGORITHMS.join('|'),
    description:
      'How tokens are signed. With HS256 the key set is empty, and whoever checks tokens holds a key that can issue them.',
  }),
  setting('errorPage', null, parseAddress, {
    placeholder: 'URL',
    description: 'The page that the `link` of an error body points at.',
    defaultText: `the issuer and \`${ERROR_PAGE_PATH}\``,
  }),
  setting('masterKeyFile', null, (text) => resolve(parseText(text)), {
    placeholder: 'FILE',
    description:
      'File of the master key that seals the signing keys, mode 0600. It must exist when it is named here.',
    defaultText: '`master.key` in the data folder, made at the first start',
  }),
  setting('masterKey', null, parseText, {
    placeholder: 'TEXT',
    description: 'The master key itself, 32 bytes in base64url, instead of a file.',
    defaultText: 'the file',
    secret: true,
  }),
  setting('maxBodyBytes', 16_384, integer(1024, 1_048_576), {
    placeholder: 'BYTES',
    description: 'Largest request body; above it the answer is 413.',
  }),
  setting('maxHeaderBytes', 16_384, integer(1024, 1_048_576), {
    placeholder: 'BYTES',
    description: 'Largest request head, all headers together; above it the answer is 431.',
  }),
  setting('requestTimeoutMs', 10_000, integer(100, 600_000), {
    placeholder: 'MS',
    description: 'Longest time for a request to arrive whole, in milliseconds; above it the answer is 408.',
  }),
  setting('keepAliveTimeoutMs', 30_000, integer(0, 600_000), {
    placeholder: 'MS',
    description:
      'How long an idle connection is kept, in milliseconds. Set it above that of the proxy in front.',
  }),
  setting('maxConnections', 10_000, integer(1, 1_000_000), {
    placeholder: 'COUNT',
    description: 'Most connections at once; further ones are closed at once.',
  }),
  setting('shutdownTimeoutMs', 10_000, integer(0, 600_000), {
    placeholder: 'MS',
    description: 'Longest wait for requests in flight when the service stops, in milliseconds.',
  }),
  setting('logLevel', 'info', parseLogLevel, {
    placeholder: LOG_LEVELS.join('|'),
    description: 'Least severe log line that is written.',
  }),
] as const satisfies readonly Setting[]

/** The environment variable of a setting. */
export function environmentName(name: keyof Config): string {
  return ENVIRONMENT_PREFIX + name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
}

/** The flag of a setting, without its dashes. */
export function flagName(name: keyof Config): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** The environment of the process: the one place that reads it. */
export function processEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env
}

/**
 * Reads the configuration: a flag before the environment before the default.
 *
 * @param flags the values of the flags that were given, by {@link flagName}.
 * @throws {StartupError} with a line for every setting that is unknown, empty or has a value that is not allowed. A value
 *   is never in it.
 */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>>,
  flags: Readonly<Record<string, string | undefined>> = {},
): Config {
  const problems = unknownSettings(environment)
  const entries = CONFIGURATION.map((row: Setting) => {
    const flag = row.secret ? undefined : flags[flagName(row.name)]
    const source = flag === undefined ? environmentName(row.name) : `--${flagName(row.name)}`
    const text = flag ?? environment[environmentName(row.name)]
    try {
      return [row.name, text === undefined ? row.defaultValue : row.parse(text)]
    } catch (error) {
      problems.push(`${source} ${(error as Error).message}`)
      return [row.name, row.defaultValue]
    }
  })
  const config = Object.fromEntries(entries) as unknown as Config
  if (config.masterKey !== null && config.masterKeyFile !== null)
    problems.push(
      `${environmentName('masterKey')} and ${environmentName('masterKeyFile')} exclude each other`,
    )
  if (problems.length > 0) throw new StartupError(problems.join('\n'))
  return config
}

function unknownSettings(environment: Readonly<Record<string, string | undefined>>): string[] {
  const known = new Set(CONFIGURATION.map((row) => environmentName(row.name)))
  return Object.keys(environment)
    .filter((name) => name.startsWith(ENVIRONMENT_PREFIX) && !known.has(name))
    .map((name) => `${name} is not a setting; see docs/configuration.md`)
}

function parseText(text: string): string {
  if (text === '') throw new TypeError('must not be empty')
  return text
}

function parseHost(text: string): string {
  if (!/^[\w.:-]+$/.test(text)) throw new TypeError('must be a host name or an IP address')
  return text
}

function integer(min: number, max: number): (text: string) => number {
  return function parseInteger(text) {
    const value = Number(text)
    if (!/^\d{1,9}$/.test(text) || value < min || value > max)
      throw new TypeError(`must be a whole number from ${min} to ${max}`)
    return value
  }
}

function parseAlgorithm(text: string): Algorithm {
  if (!isAlgorithm(text)) throw new TypeError(`must be one of ${ALGORITHMS.join(', ')}`)
  return text
}

function parseLogLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === text)
  if (level === undefined) throw new TypeError(`must be one of ${LOG_LEVELS.join(', ')}`)
  return level
}

/** An address is compared and shown as it is written, so that it has one form only. */
function parseAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const plain =
    url !== undefined && url.username === '' && url.password === '' && url.search === '' && url.hash === ''
  if (!plain || !['http:', 'https:'].includes(url.protocol) || /[/?#]$/.test(text))
    throw new TypeError(
      'must be an http or https URL without credentials, query, fragment or slash at the end',
    )
  return text
}
