import { isLoopback } from '@interhuman-auth/protocol'
import { MAX_OVERLAP_SECONDS } from '../../api-key.ts'
import { type OptionValues, readInteger, readText } from '../../command-group.ts'
import type { KeyPageRequest } from '../../store/store.ts'
import { UsageError } from '../../usage-error.ts'
import { isStateChange, type StateChange } from './change-state.ts'
import type { CreateOptions } from './create.ts'
import type { RotateOptions } from './rotate.ts'

/** What a `keys` command asks for. */
export type KeysCommand =
  | { readonly kind: 'create'; readonly options: CreateOptions }
  | { readonly kind: 'list'; readonly request: KeyPageRequest }
  | { readonly kind: 'show'; readonly keyId: string }
  | { readonly kind: 'rotate'; readonly keyId: string; readonly options: RotateOptions }
  | { readonly kind: 'change state'; readonly keyId: string; readonly change: StateChange }

const DEFAULT_PAGE = 100
const MAX_PAGE = 10_000

/** The longest life of a key that can be asked for, in seconds: ten years. */
const MAX_EXPIRY_SECONDS = 10 * 365 * 24 * 3600

/**
 * Reads what stands behind `keys`.
 *
 * @throws {UsageError} which never repeats an argument.
 */
export function readKeysCommand(words: readonly string[], values: OptionValues): KeysCommand {
  const [word, keyId, ...rest] = words
  if (word === undefined)
    throw new UsageError('keys needs create, list, show, rotate, disable, enable or revoke')
  if (rest.length > 0) throw new UsageError(`keys ${isKnown(word)} takes at most one key id`)
  if (word === 'create' || word === 'list') {
    if (keyId !== undefined) throw new UsageError(`keys ${word} takes no argument`)
    return word === 'create'
      ? { kind: 'create', options: readCreateOptions(values) }
      : { kind: 'list', request: readPage(values) }
  }
  isKnown(word)
  if (keyId === undefined) throw new UsageError(`keys ${word} needs a key id`)
  if (word === 'show') return { kind: 'show', keyId }
  if (isStateChange(word)) return { kind: 'change state', keyId, change: word }
  return { kind: 'rotate', keyId, options: readRotateOptions(values) }
}

function isKnown(word: string): string {
  if (!['create', 'list', 'show', 'rotate'].includes(word) && !isStateChange(word))
    throw new UsageError('unknown keys command')
  return word
}

function readCreateOptions(values: OptionValues): CreateOptions {
  return {
    name: readText(values, 'name'),
    scopes: (values.scope as readonly string[] | undefined) ?? [],
    expiresInSeconds: readInteger(values, 'expires-in-seconds', 1, MAX_EXPIRY_SECONDS),
    ...readDelivery(values),
  }
}

function readRotateOptions(values: OptionValues): RotateOptions {
  return {
    overlapSeconds: readInteger(values, 'overlap-seconds', 0, MAX_OVERLAP_SECONDS),
    ...readDelivery(values),
  }
}

function readDelivery(values: OptionValues) {
  const apiUrl = readText(values, 'api-url')
  if (apiUrl !== undefined && !isClientAddress(apiUrl))
    throw new UsageError(
      '--api-url takes an https URL, or http to this machine, without credentials, query and fragment',
    )
  return { credentialsFile: readText(values, 'credentials-file'), apiUrl }
}

/** What a client would send a key to: https, or plain http to its own machine. */
function isClientAddress(text: string): boolean {
  if (!/^https?:\/\/[^\s@?#\\]+$/.test(text) || !URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  return protocol === 'https:' || isLoopback(hostname)
}

function readPage(values: OptionValues): KeyPageRequest {
  return {
    after: readText(values, 'after') ?? null,
    limit: readInteger(values, 'limit', 1, MAX_PAGE) ?? DEFAULT_PAGE,
  }
}
