import { isIPv4 } from 'node:net'

/** Where a PostgreSQL server may be: a host, or the folder of its socket. */
export interface PostgresHost {
  readonly host: string
  readonly port: number
}

const TLS_MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const

/** Whether a connection is encrypted, and what of the server's certificate is checked, in libpq's words. */
export type TlsMode = (typeof TLS_MODES)[number]

/** What a database URL says. */
export interface PostgresAddress {
  /** At least one, in the order in which they are tried. */
  readonly hosts: readonly PostgresHost[]
  readonly user: string
  /** Empty for none. */
  readonly password: string
  readonly database: string
  readonly applicationName: string
  /** `null`: {@link tlsModeOf} decides. */
  readonly tlsMode: TlsMode | null
  /** Files in PEM, or `null`. */
  readonly rootCertificateFile: string | null
  readonly certificateFile: string | null
  readonly keyFile: string | null
}

/**
 * The mode of a connection to a host: what the URL says, or nothing on this machine and all that TLS can do elsewhere.
 */
export function tlsModeOf(address: PostgresAddress, { host }: PostgresHost): TlsMode {
  return address.tlsMode ?? (isThisMachine(host) ? 'disable' : 'verify-full')
}

const DEFAULT_PORT = 5432
const PARAMETERS = ['application_name', 'sslcert', 'sslkey', 'sslmode', 'sslrootcert', 'target_session_attrs']
const FORM = /^postgres(?:ql)?:\/\/(?:([^@/?#]*)@)?([^@/?#]*)(?:\/([^/?#]*))?(?:\?([^#]*))?$/

/**
 * Reads `postgres://user:password@host:port,host:port/database?parameter=value`. A socket's folder is a host with its
 * slashes as `%2F`.
 *
 * @throws {TypeError} which says what is wrong and holds nothing of the text but names of parameters that are known.
 */
export function parsePostgresAddress(text: string): PostgresAddress {
  const [, credentials = '', hosts = '', path = '', query = ''] = FORM.exec(text) ?? []
  if (!FORM.test(text))
    throw new TypeError('must be postgres://USER:PASSWORD@HOST:PORT/DATABASE, with special characters as %XX')
  const parameters = readParameters(query)
  const colon = credentials.indexOf(':')
  const user = decode(colon < 0 ? credentials : credentials.slice(0, colon))
  if (user === '') throw new TypeError('must name a user')
  return {
    hosts: hosts.split(',').map(parseHostAndPort),
    user,
    password: colon < 0 ? '' : decode(credentials.slice(colon + 1)),
    database: decode(path) || user,
    applicationName: parameters.get('application_name') ?? 'interhuman-auth',
    tlsMode: readTlsMode(parameters.get('sslmode')),
    rootCertificateFile: parameters.get('sslrootcert') ?? null,
    certificateFile: parameters.get('sslcert') ?? null,
    keyFile: parameters.get('sslkey') ?? null,
  }
}

function parseHostAndPort(text: string): PostgresHost {
  const [, bracketed, plain = '', port] =
    /^(?:\[([\da-fA-F:.]+)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(text) ?? []
  const host = bracketed ?? decode(plain)
  const number = port === undefined ? DEFAULT_PORT : Number(port)
  if (host === '' || number < 1 || number > 65_535)
    throw new TypeError('must name its hosts as HOST, HOST:PORT or [IPV6]:PORT, with commas between')
  return { host, port: number }
}

function readParameters(query: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(query)) {
    if (!PARAMETERS.includes(name) || parameters.has(name) || value === '')
      throw new TypeError(`must have no parameters but ${PARAMETERS.join(', ')}, each once and with a value`)
    parameters.set(name, value)
  }
  // A node that can only read is of no use.
  if (!['read-write', 'primary', undefined].includes(parameters.get('target_session_attrs')))
    throw new TypeError('must have read-write as its target_session_attrs, or none')
  if (parameters.has('sslcert') !== parameters.has('sslkey'))
    throw new TypeError('must have both sslcert and sslkey or none of them')
  return parameters
}

function readTlsMode(text: string | undefined): TlsMode | null {
  if (text === undefined) return null
  const mode = TLS_MODES.find((known) => known === text)
  if (mode === undefined) throw new TypeError(`must have one of ${TLS_MODES.join(', ')} as its sslmode`)
  return mode
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new TypeError('must have special characters as %XX')
  }
}

function isThisMachine(host: string): boolean {
  return (
    host.startsWith('/') ||
    host === 'localhost' ||
    host === '::1' ||
    (isIPv4(host) && host.startsWith('127.'))
  )
}
