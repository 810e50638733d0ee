import { isLoopback } from '@interhuman-auth/protocol'
import { MAX_EXPIRY_SECONDS, MAX_OVERLAP_SECONDS } from '../../api-key.ts'
import { type OptionValues, readInteger, readText } from '../../command-group.ts'
import { isStateChange } from '../../operations/change-key-state.ts'
import type { KeyPageRequest } from '../../store/pages.ts'
import { UsageError } from '../../usage-error.ts'
import { readWait } from '../read-wait.ts'
import type { ChangeOptions, StateChangeOptions } from './change.ts'
import type { CreateOptions } from './create.ts'
import type { RotateOptions } from './rotate.ts'

/** What a `keys` command asks for. */
export type KeysCommand =
  | { readonly kind: 'create'; readonly options: CreateOptions }
  | { readonly kind: 'list'; readonly request: KeyPageRequest }
  | { readonly kind: 'show'; readonly keyId: string }
  | { readonly kind: 'rotate'; readonly keyId: string; readonly options: RotateOptions }
  | { readonly kind: 'scan'; readonly paths: readonly string[] }
  | KeysChangeCommand

/** A `keys` command that changes a key and shows no secret. */
export type KeysChangeCommand =
  | { readonly kind: 'change'; readonly keyId: string; readonly options: ChangeOptions }
  | { readonly kind: 'change state'; readonly keyId: string; readonly options: StateChangeOptions }
  | { readonly kind: 'end overlap'; readonly keyId: string; readonly options: { readonly force: boolean } }

const DEFAULT_PAGE = 100
const MAX_PAGE = 10_000

const WORDS = 'create, list, show, rotate, end-overlap, change, disable, enable, revoke or scan'

/**
 * Reads what stands behind `keys`.
 *
 * @throws {UsageError} which never repeats an argument.
 */
export function readKeysCommand(words: readonly string[], values: OptionValues): KeysCommand {
  const [word, keyId, ...rest] = words
  if (word === undefined) throw new UsageError(`keys needs ${WORDS}`)
  if (word === 'create' || word === 'list') {
    if (keyId !== undefined) throw new UsageError(`keys ${word} takes no argument`)
    return word === 'create'
      ? { kind: 'create', options: readCreateOptions(values) }
      : { kind: 'list', request: readPage(values) }
  }
  if (word === 'scan') {
    if (keyId === undefined) throw new UsageError('keys scan needs a file or a folder')
    return { kind: 'scan', paths: [keyId, ...rest] }
  }
  const read = readerOf(word)
  if (rest.length > 0) throw new UsageError(`keys ${word} takes at most one key id`)
  if (keyId === undefined) throw new UsageError(`keys ${word} needs a key id`)
  return read(keyId, values)
}

/** @throws {UsageError} for a word that none of ours is; the word itself is then not repeated. */
function readerOf(word: string): (keyId: string, values: OptionValues) => KeysCommand {
  if (isStateChange(word))
    return (keyId, values) => ({
      kind: 'change state',
      keyId,
      options: { word, waitSeconds: readWait(values) },
    })
  switch (word) {
    case 'show':
      return (keyId) => ({ kind: 'show', keyId })
    case 'rotate':
      return (keyId, values) => ({ kind: 'rotate', keyId, options: readRotateOptions(values) })
    case 'end-overlap':
      return (keyId, values) => ({ kind: 'end overlap', keyId, options: { force: values.force === true } })
    case 'change':
      return (keyId, values) => ({ kind: 'change', keyId, options: readChangeOptions(values) })
    default:
      throw new UsageError('unknown keys command')
  }
}

function readChangeOptions(values: OptionValues): ChangeOptions {
  return {
    name: readText(values, 'name'),
    scopes: (values.scope as readonly string[] | undefined) ?? [],
    expiresInSeconds:
      readText(values, 'expires-in-seconds') === 'never'
        ? null
        : readInteger(values, 'expires-in-seconds', 0, MAX_EXPIRY_SECONDS),
    direct: readSwitch(values, 'direct'),
  }
}

function readSwitch(values: OptionValues, option: string): boolean | undefined {
  const text = readText(values, option)
  if (text !== undefined && text !== 'on' && text !== 'off')
    throw new UsageError(`--${option} takes on or off`)
  return text === undefined ? undefined : text === 'on'
}

function readCreateOptions(values: OptionValues): CreateOptions {
  return {
    name: readText(values, 'name'),
    scopes: (values.scope as readonly string[] | undefined) ?? [],
    expiresInSeconds: readInteger(values, 'expires-in-seconds', 1, MAX_EXPIRY_SECONDS),
    direct: readSwitch(values, 'direct') ?? false,
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
