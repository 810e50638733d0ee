import type { ApiVersion } from '@interhuman-auth/protocol'
import { builtin } from './builtin.ts'
import type { CommandRow } from './command-row.ts'
import { EXIT, Refusal } from './exit-codes.ts'
import type { OptionRow } from './option-table.ts'

/** What was typed, read. */
export interface Options {
  readonly scopes: readonly string[]
  readonly apiVersion: ApiVersion | undefined
  readonly apiUrl: string | undefined
  readonly timeoutMs: number | undefined
  readonly minLifeSeconds: number | undefined
  readonly as: string | undefined
  readonly output: string | undefined
  readonly store: 'file' | 'keychain' | undefined
  /** As typed, as are the two that follow: `readProxyOptions` reads them. */
  readonly port: string | undefined
  readonly paths: readonly string[]
  readonly origins: readonly string[]
  readonly proxy: boolean
  readonly noSecret: boolean
  readonly verbose: boolean
  readonly online: boolean
  readonly check: boolean
  readonly keychain: boolean
  readonly json: boolean
  readonly help: boolean
  /** The argument that is no option. */
  readonly operand: string | undefined
  /** What stood after `--`. */
  readonly rest: readonly string[]
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
  const { found, operands, rest } = collect(argv, command)
  const values = (name: string) => found.get(name) ?? []
  const options: Options = {
    scopes: values('scope'),
    apiVersion: values('api-version')[0] as ApiVersion | undefined,
    apiUrl: values('api-url')[0],
    timeoutMs: toMs(readSeconds('timeout', values('timeout')[0], command)),
    minLifeSeconds: readSeconds('min-life', values('min-life')[0], command),
    as: values('as')[0],
    output: values('output')[0],
    store: values('store')[0] as Options['store'],
    port: values('port')[0],
    paths: values('allow-path'),
    origins: values('allow-origin'),
    proxy: found.has('proxy'),
    noSecret: found.has('no-secret'),
    verbose: found.has('verbose'),
    online: found.has('online'),
    check: found.has('check'),
    keychain: found.has('keychain'),
    json: found.has('json'),
    help: found.has('help'),
    operand: operands[0],
    rest,
  }
  if (!options.help) refuseIncomplete(options, found, command)
  return options
}

function refuseIncomplete(options: Options, found: Map<string, string[]>, command: CommandRow): void {
  if (found.has('scope') && command.options.some(({ name }) => name === 'online') && !options.online)
    throw misused(command, '--scope goes with --online')
  const missing =
    options.check || options.proxy ? undefined : command.required.find((name) => !found.has(name))
  if (missing !== undefined) throw misused(command, `--${missing} is needed`)
  const { operand, rest } = command
  if (operand?.required === true && options.operand === undefined)
    throw misused(command, `${operand.name} is needed`)
  if (rest !== undefined && options.rest.length === 0) throw misused(command, `${rest} is needed, after --`)
}

interface Collected {
  readonly found: Map<string, string[]>
  readonly operands: string[]
  readonly rest: string[]
}

function collect(argv: readonly string[], command: CommandRow): Collected {
  const end = command.rest === undefined ? -1 : argv.indexOf('--')
  const own = end < 0 ? argv : argv.slice(0, end)
  const form = (option: OptionRow) => ({ type: takesValue(option) ? 'string' : 'boolean' }) as const
  const { parseArgs }: typeof import('node:util') = builtin('node:util')
  const { tokens } = parseArgs({
    args: [...own],
    options: Object.fromEntries(command.options.map((option) => [option.name, form(option)])),
    strict: false,
    tokens: true,
  })
  const found = new Map<string, string[]>()
  const operands: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional' && command.operand !== undefined && operands.length === 0) {
      operands.push(readOperand(token.value, command))
      continue
    }
    const option =
      token.kind === 'option' ? command.options.find(({ name }) => token.rawName === `--${name}`) : undefined
    if (token.kind !== 'option' || option === undefined) throw misused(command, unknown(token.index))
    const { name } = option
    const value = readValue(option, token.value, token.inlineValue === true, command)
    if (found.has(name) && option.multiple !== true) throw misused(command, `--${name} is given twice`)
    found.set(name, [...(found.get(name) ?? []), value])
  }
  return { found, operands, rest: end < 0 ? [] : argv.slice(end + 1) }
}

function readOperand(value: string, command: CommandRow): string {
  const { name = '', choices } = command.operand ?? {}
  if (choices === undefined || choices.includes(value)) return value
  throw misused(command, `${name} is one of ${choices.join(', ')}`)
}

function readValue(
  option: OptionRow,
  value: string | undefined,
  inline: boolean,
  command: CommandRow,
): string {
  const { name, choices } = option
  if (!takesValue(option)) {
    if (value !== undefined) throw misused(command, `--${name} takes no value`)
    return ''
  }
  if (value === undefined || value === '' || (!inline && value.startsWith('-')))
    throw misused(command, `--${name} needs a value`)
  if (choices !== undefined && !choices.includes(value))
    throw misused(command, `--${name} is one of ${choices.join(', ')}`)
  return value
}

function takesValue({ value, choices }: OptionRow): boolean {
  return value !== undefined || choices !== undefined
}

/** How our own key secrets begin (our contract, section 7). */
const SECRET_PREFIX = 'ih_live_'

const MOST_SECONDS = 86_400

function readSeconds(name: string, value: string | undefined, command: CommandRow): number | undefined {
  if (value === undefined) return undefined
  const seconds = /^\d{1,6}(?:\.\d{1,3})?$/.test(value) ? Number(value) : 0
  if (seconds > 0 && seconds <= MOST_SECONDS) return seconds
  throw misused(command, `--${name} is a number of seconds above 0, ${MOST_SECONDS} at most`)
}

function toMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000
}

function unknown(index: number): string {
  return `argument ${index + 1} is none of its options, and no option takes a key or a secret`
}

function misused(command: CommandRow, what: string): Refusal {
  return new Refusal(EXIT.usage, `${what}; see ${command.start} --help`)
}
