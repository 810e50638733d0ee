import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import type { CommandGroup, OptionValues } from './command-group.ts'
import { loadGroup, loadGroups } from './commands/groups.ts'
import { CONFIGURATION } from './config/table.ts'
import { UsageError } from './usage-error.ts'

/** What the command line asks for. */
export type CommandLine = { readonly kind: 'help' } | { readonly kind: 'version' } | RunCommand

/** A command, the configuration's flags, and whether the result is to be JSON. */
export interface RunCommand {
  readonly kind: 'run'
  readonly group: CommandGroup
  /** What the group read. */
  readonly command: unknown
  readonly flags: Readonly<Record<string, string | undefined>>
  readonly json: boolean
}

const CONFIGURATION_FLAGS = CONFIGURATION.flatMap(({ flag }) => flag ?? [])

const COMMON_OPTIONS: ParseArgsOptionsConfig = {
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
  json: { type: 'boolean' },
  ...Object.fromEntries(CONFIGURATION_FLAGS.map((flag) => [flag, { type: 'string' } as const])),
}

/**
 * Reads the command line, and loads no other group of commands than the one that it names.
 *
 * @throws {UsageError} which never repeats an argument: it could be a secret in the wrong place.
 */
export async function parseCommandLine(args: readonly string[]): Promise<CommandLine> {
  const named = await loadGroup(findFirstWord(args))
  const { values, positionals } = parse(args, named?.options ?? (await readAllOptions()))
  const [word, ...words] = positionals
  if (values.help === true || word === 'help') return { kind: 'help' }
  if (values.version === true) return { kind: 'version' }
  if (word === undefined) throw new UsageError('no command')
  const group = await loadGroup(word)
  if (group === undefined) throw new UsageError('unknown command')
  const flags = Object.fromEntries(
    CONFIGURATION_FLAGS.map((flag) => [flag, values[flag] as string | undefined]),
  )
  return { kind: 'run', group, command: group.read(words, values), flags, json: values.json === true }
}

/** Not yet strict: which options there are depends on the word. An option of a group before its word hides it. */
function findFirstWord(args: readonly string[]): string | undefined {
  const { positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    strict: false,
    options: COMMON_OPTIONS,
  })
  return positionals[0]
}

async function readAllOptions(): Promise<ParseArgsOptionsConfig> {
  return Object.assign({}, ...(await loadGroups()).map((group) => group.options))
}

function parse(
  args: readonly string[],
  groupOptions: ParseArgsOptionsConfig,
): { values: OptionValues; positionals: string[] } {
  const options = { ...groupOptions, ...COMMON_OPTIONS }
  try {
    return parseArgs({ args: setIdsApart(args, options), allowPositionals: true, options })
  } catch (error) {
    throw new UsageError(describeParseError(error))
  }
}

/** The ids of signing keys (RFC 7638) that look like an option: one of 64 begins with a hyphen. */
const hyphenatedKid = /^-[\w-]{42}$/

/** Puts such ids where they are not taken for options: to the option before them, or behind everything else. */
function setIdsApart(args: readonly string[], options: ParseArgsOptionsConfig): string[] {
  const typeOf = (arg = '') => (arg.startsWith('--') ? options[arg.slice(2)]?.type : undefined)
  const isId = (arg: string) => hyphenatedKid.test(arg) && typeOf(arg) === undefined
  if (args.includes('--')) return [...args]
  const others: string[] = []
  const ids: string[] = []
  for (const arg of args) {
    if (!isId(arg)) others.push(arg)
    else if (typeOf(others.at(-1)) === 'string') others.push(`${others.pop()}=${arg}`)
    else ids.push(arg)
  }
  return ids.length === 0 ? others : [...others, '--', ...ids]
}

function describeParseError(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return 'unknown option; a secret is never an option'
  if (code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE')
    return 'an option lacks its value or has one that it does not take'
  return 'the command line cannot be read'
}
