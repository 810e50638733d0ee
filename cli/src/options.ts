import { parseArgs } from 'node:util'
import { API_VERSIONS, type ApiVersion, isApiVersion } from '@interhuman-auth/protocol'
import { type CommandRow, OPTIONS, type OptionName, type OptionRow } from './command-table.ts'
import { EXIT, Refusal } from './exit-codes.ts'

/** What was typed, read. */
export interface Options {
  readonly scopes: readonly string[]
  readonly apiVersion: ApiVersion | undefined
  readonly apiUrl: string | undefined
  readonly timeoutMs: number | undefined
  readonly output: string | undefined
  readonly online: boolean
  readonly check: boolean
  readonly help: boolean
}

/**
 * Reads what was typed after a command's name. No message repeats any of it: who mistypes a secret must not find it in a
 * log.
 *
 * @throws {Refusal} 2, with the place of what is wrong.
 */
export function parseOptions(argv: readonly string[], command: CommandRow): Options {
  if (argv.some((argument) => argument.includes(SECRET_PREFIX)))
    throw misused(command, 'a key secret was typed, which other processes can have seen; rotate it')
  const found = collect(argv, command)
  const values = (name: OptionName) => found.get(name) ?? []
  const options = {
    scopes: values('scope'),
    apiVersion: readApiVersion(values('api-version')[0], command),
    apiUrl: values('api-url')[0],
    timeoutMs: readTimeout(values('timeout')[0], command),
    output: values('output')[0],
    online: found.has('online'),
    check: found.has('check'),
    help: found.has('help'),
  }
  if (options.help) return options
  if (found.has('scope') && command.options.includes('online') && !options.online)
    throw misused(command, '--scope goes with --online')
  const missing = options.check ? undefined : command.required.find((name) => !found.has(name))
  if (missing !== undefined) throw misused(command, `--${missing} is needed`)
  return options
}

function collect(argv: readonly string[], command: CommandRow): Map<OptionName, string[]> {
  const form = (name: OptionName) =>
    ({ type: rowOf(name).value === undefined ? 'boolean' : 'string' }) as const
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(command.options.map((name) => [name, form(name)])),
    strict: false,
    tokens: true,
  })
  const found = new Map<OptionName, string[]>()
  for (const token of tokens) {
    const name =
      token.kind === 'option' ? command.options.find((option) => token.rawName === `--${option}`) : undefined
    if (token.kind !== 'option' || name === undefined) throw misused(command, unknown(token.index))
    const value = readValue(name, token.value, token.inlineValue === true, command)
    if (found.has(name) && rowOf(name).multiple !== true) throw misused(command, `--${name} is given twice`)
    found.set(name, [...(found.get(name) ?? []), value])
  }
  return found
}

function readValue(
  name: OptionName,
  value: string | undefined,
  inline: boolean,
  command: CommandRow,
): string {
  if (rowOf(name).value === undefined) {
    if (value !== undefined) throw misused(command, `--${name} takes no value`)
    return ''
  }
  if (value === undefined || value === '' || (!inline && value.startsWith('-')))
    throw misused(command, `--${name} needs a value`)
  return value
}

function readApiVersion(value: string | undefined, command: CommandRow): ApiVersion | undefined {
  if (value === undefined || isApiVersion(value)) return value
  throw misused(command, `--api-version is one of ${API_VERSIONS.join(', ')}`)
}

/** How our own key secrets begin (our contract, section 7). */
const SECRET_PREFIX = 'ih_live_'

const LONGEST_TIMEOUT_SECONDS = 86_400

function readTimeout(value: string | undefined, command: CommandRow): number | undefined {
  if (value === undefined) return undefined
  const seconds = /^\d{1,6}(?:\.\d{1,3})?$/.test(value) ? Number(value) : 0
  if (seconds > 0 && seconds <= LONGEST_TIMEOUT_SECONDS) return seconds * 1000
  throw misused(command, `--timeout is a number of seconds above 0, ${LONGEST_TIMEOUT_SECONDS} at most`)
}

function rowOf(name: OptionName): OptionRow {
  return OPTIONS[name]
}

function unknown(index: number): string {
  return `argument ${index + 1} is none of its options, and no option takes a key or a secret`
}

function misused(command: CommandRow, what: string): Refusal {
  return new Refusal(EXIT.usage, `${what}; see ${command.start} --help`)
}
