import { parseArgs } from 'node:util'
import { isLoopback } from '@interhuman-auth/protocol'
import { MAX_OVERLAP_SECONDS } from './api-key.ts'
import { isStateChange, type StateChange } from './commands/keys/change-state.ts'
import type { CreateOptions } from './commands/keys/create.ts'
import type { RotateOptions } from './commands/keys/rotate.ts'
import { CONFIGURATION, flagName } from './config.ts'
import type { KeyPageRequest } from './store/store.ts'
import { UsageError } from './usage-error.ts'

/** What the command line asks for. */
export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'start'; readonly firstKey: boolean }
  | { readonly kind: 'keys create'; readonly options: CreateOptions }
  | { readonly kind: 'keys list'; readonly request: KeyPageRequest }
  | { readonly kind: 'keys show'; readonly keyId: string }
  | { readonly kind: 'keys rotate'; readonly keyId: string; readonly options: RotateOptions }
  | { readonly kind: 'keys change'; readonly keyId: string; readonly change: StateChange }

/** A command, the configuration's flags, and whether the result is to be JSON. */
export interface CommandLine {
  readonly command: Command
  readonly flags: Readonly<Record<string, string | undefined>>
  readonly json: boolean
}

const CONFIGURATION_FLAGS = CONFIGURATION.filter((row) => !row.secret).map((row) => flagName(row.name))

const DEFAULT_PAGE = 100
const MAX_PAGE = 10_000

/** The longest life of a key that can be asked for, in seconds: ten years. */
const MAX_EXPIRY_SECONDS = 10 * 365 * 24 * 3600

type Values = Readonly<Record<string, string | boolean | string[] | undefined>>

/**
 * Reads the command line.
 *
 * @throws {UsageError} which never repeats an argument: it could be a secret in the wrong place.
 */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const { values, positionals } = parse(args)
  const json = values.json === true
  const flags = Object.fromEntries(
    CONFIGURATION_FLAGS.map((flag) => [flag, values[flag] as string | undefined]),
  )
  return { command: readCommand(positionals, values), flags, json }
}

function readCommand(positionals: readonly string[], values: Values): Command {
  const [first, second, keyId, ...rest] = positionals
  if (values.help === true || first === 'help') return { kind: 'help' }
  if (values.version === true) return { kind: 'version' }
  if (first === undefined) throw new UsageError('no command')
  if (first === 'start') {
    if (second !== undefined) throw new UsageError('start takes no argument')
    return { kind: 'start', firstKey: values['first-key'] === true }
  }
  if (first !== 'keys') throw new UsageError('unknown command')
  if (second === undefined)
    throw new UsageError('keys needs create, list, show, rotate, disable, enable or revoke')
  if (rest.length > 0) throw new UsageError(`keys ${isKnown(second)} takes at most one key id`)
  return readKeysCommand(second, keyId, values)
}

function readKeysCommand(word: string, keyId: string | undefined, values: Values): Command {
  if (word === 'create' || word === 'list') {
    if (keyId !== undefined) throw new UsageError(`keys ${word} takes no argument`)
    return word === 'create'
      ? { kind: 'keys create', options: readCreateOptions(values) }
      : { kind: 'keys list', request: readPage(values) }
  }
  isKnown(word)
  if (keyId === undefined) throw new UsageError(`keys ${word} needs a key id`)
  if (word === 'show') return { kind: 'keys show', keyId }
  if (isStateChange(word)) return { kind: 'keys change', keyId, change: word }
  return { kind: 'keys rotate', keyId, options: readRotateOptions(values) }
}

function isKnown(word: string): string {
  if (!['create', 'list', 'show', 'rotate'].includes(word) && !isStateChange(word))
    throw new UsageError('unknown keys command')
  return word
}

function readCreateOptions(values: Values): CreateOptions {
  return {
    name: values.name as string | undefined,
    scopes: (values.scope as string[] | undefined) ?? [],
    expiresInSeconds: readInteger(values, 'expires-in-seconds', 1, MAX_EXPIRY_SECONDS),
    ...readDelivery(values),
  }
}

function readRotateOptions(values: Values): RotateOptions {
  return {
    overlapSeconds: readInteger(values, 'overlap-seconds', 0, MAX_OVERLAP_SECONDS),
    ...readDelivery(values),
  }
}

function readDelivery(values: Values) {
  const apiUrl = values['api-url'] as string | undefined
  if (apiUrl !== undefined && !isClientAddress(apiUrl))
    throw new UsageError(
      '--api-url takes an https URL, or http to this machine, without credentials, query and fragment',
    )
  return { credentialsFile: values['credentials-file'] as string | undefined, apiUrl }
}

/** What a client would send a key to: https, or plain http to its own machine. */
function isClientAddress(text: string): boolean {
  if (!/^https?:\/\/[^\s@?#\\]+$/.test(text) || !URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  return protocol === 'https:' || isLoopback(hostname)
}

function readPage(values: Values): KeyPageRequest {
  return {
    after: (values.after as string | undefined) ?? null,
    limit: readInteger(values, 'limit', 1, MAX_PAGE) ?? DEFAULT_PAGE,
  }
}

function readInteger(values: Values, flag: string, min: number, max: number): number | undefined {
  const text = values[flag] as string | undefined
  if (text === undefined) return undefined
  if (!/^\d{1,9}$/.test(text) || Number(text) < min || Number(text) > max)
    throw new UsageError(`--${flag} takes a whole number from ${min} to ${max}`)
  return Number(text)
}

function parse(args: readonly string[]): { values: Values; positionals: string[] } {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean' },
        json: { type: 'boolean' },
        'first-key': { type: 'boolean' },
        scope: { type: 'string', multiple: true },
        ...Object.fromEntries(
          [...TEXT_FLAGS, ...CONFIGURATION_FLAGS].map((flag) => [flag, { type: 'string' } as const]),
        ),
      },
    })
  } catch (error) {
    throw new UsageError(describeParseError(error))
  }
}

const TEXT_FLAGS = [
  'name',
  'expires-in-seconds',
  'overlap-seconds',
  'credentials-file',
  'api-url',
  'after',
  'limit',
]

function describeParseError(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return 'unknown option; a secret is never an option'
  if (code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE')
    return 'an option lacks its value or has one that it does not take'
  return 'the command line cannot be read'
}
