import { isScope, SCOPES, type Scope, uniqueScopes } from '@interhuman-auth/protocol'
import Format from 'typebox/format'
import { MAX_EXPIRY_SECONDS } from '../api-key.ts'
import type { KeyCreation } from '../operations/create-key.ts'
import { MAX_NAME_LENGTH, parseVisibleName } from '../visible-name.ts'
import { KEY_FIELDS, type ListedFields } from './fields.ts'
import { KeyListError } from './key-list-error.ts'

/** A key that a list asks for. */
export interface ListEntry {
  readonly line: number
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly direct: boolean
  /** Epoch seconds. */
  readonly expiresAt: number | null
  /** From when the key is made; `null` where `expiresAt` says it, or for never. */
  readonly expiresInSeconds: number | null
}

/**
 * Reads what a line says of a key, by the same limits as `keys create` has.
 *
 * @param now epoch seconds: nothing may expire before.
 * @throws {KeyListError}
 */
export function parseEntry({ line, fields }: ListedFields, now: number): ListEntry {
  const refuse = (problem: string) => new KeyListError(line, problem)
  if (Object.keys(fields).some((name) => !KEY_FIELDS.some((field) => field === name)))
    throw refuse(`has a field that is none of ${KEY_FIELDS.join(', ')}`)
  const name = typeof fields.name === 'string' ? parseVisibleName(fields.name) : undefined
  if (name === undefined) throw refuse(`needs a name of 1 to ${MAX_NAME_LENGTH} visible characters`)
  const { scopes, direct = false } = fields
  if (!Array.isArray(scopes) || scopes.length === 0 || !scopes.every(isScope))
    throw refuse(`needs scopes, one or more of ${SCOPES.join(', ')}`)
  if (typeof direct !== 'boolean') throw refuse('has a direct that is neither true nor false')
  const expiresAt = readTime(fields.expires_at ?? null)
  if (expiresAt === undefined) throw refuse('has an expires_at that is no time such as 2030-01-31T12:00:00Z')
  if (expiresAt !== null && expiresAt <= now) throw refuse('has an expires_at in the past')
  const expiresInSeconds = readSeconds(fields.expires_in_seconds ?? null)
  if (expiresInSeconds === undefined)
    throw refuse(`has an expires_in_seconds that is no whole number from 1 to ${MAX_EXPIRY_SECONDS}`)
  if (expiresAt !== null && expiresInSeconds !== null)
    throw refuse('has both expires_at and expires_in_seconds')
  return { line, name, scopes: uniqueScopes(scopes), direct, expiresAt, expiresInSeconds }
}

/** What the key of an entry shall be when it is made now. */
export function toCreation(entry: ListEntry, now: number): KeyCreation {
  const { name, scopes, direct, expiresAt, expiresInSeconds } = entry
  return { name, scopes, direct, expiresAt: expiresInSeconds === null ? expiresAt : now + expiresInSeconds }
}

/** To the second, and not before what was asked. */
function readTime(value: unknown): number | null | undefined {
  if (value === null) return null
  if (typeof value !== 'string' || !Format.Test('date-time', value)) return undefined
  const seconds = Math.ceil(Date.parse(value) / 1000)
  return Number.isNaN(seconds) ? undefined : seconds
}

function readSeconds(value: unknown): number | null | undefined {
  if (value === null) return null
  const isFit = Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MAX_EXPIRY_SECONDS
  return isFit ? Number(value) : undefined
}
