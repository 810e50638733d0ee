import { ERRORS, type ErrorRow, type KeyCredentialWire } from '@interhuman-auth/protocol'
import { hashSecret } from './api-key.ts'
import { authenticateKey, type KeyCredentials } from './authenticate-key.ts'
import type { KeyLimits } from './limits/key-limits.ts'
import type { KeySeen } from './usage.ts'

/** The members of a body that carry an API key, as JSON Schema. */
export const KEY_CREDENTIAL_PROPERTIES = {
  api_key: {
    type: 'string',
    minLength: 1,
    format: 'password',
    description: 'The API key as one string, its secret. Instead of `key_id` and `key_secret`.',
  },
  key_id: { type: 'string', minLength: 1, description: 'The id of the API key, with `key_secret`.' },
  key_secret: { type: 'string', minLength: 1, format: 'password', description: 'The secret of the API key.' },
} as const

/** One API key in one form: two of them could be two keys. */
export const ONE_KEY_CREDENTIAL = {
  oneOf: [
    { required: ['api_key'], properties: { key_id: false, key_secret: false } },
    { required: ['key_id', 'key_secret'], properties: { api_key: false } },
  ],
} as const

/** Names the row for a body without an API key, or with half of one. */
export function findAbsentCredential(has: (field: string) => boolean): ErrorRow | undefined {
  if (has('api_key')) return undefined
  if (!has('key_id')) return has('key_secret') ? ERRORS.keyIdAbsent : ERRORS.apiKeyAbsent
  return has('key_secret') ? undefined : ERRORS.keySecretAbsent
}

/** An API key that came in a body. Without an id it is found by its secret. */
export interface KeyCredential {
  readonly keyId: string | undefined
  readonly keySecret: string
}

/** Reads the API key of a body that was checked before. */
export function toKeyCredential(body: KeyCredentialWire): KeyCredential {
  if ('api_key' in body) return { keyId: undefined, keySecret: body.api_key }
  return { keyId: body.key_id, keySecret: body.key_secret }
}

/** How a key is found. */
export interface KeyLookups {
  findKeyCredentials(keyId: string): Promise<KeyCredentials | undefined>
  findKeyCredentialsBySecret(secretHash: Buffer): Promise<KeyCredentials | undefined>
  admitKey: KeyLimits['admitKey']
  /** Epoch seconds. */
  now(): number
}

/**
 * Authenticates an API key in either form: one look-up, one hash, and the comparisons of the exchange. A token is no API
 * key, so that none can make another. Whether the key may be used directly is not asked: that is about who else sees its
 * secret, and here only the service does (our contract, sections 4 and 5).
 *
 * @param seen is told which key it is.
 * @throws {ApiError} `ih2001`, the same for every cause; `ih3001` when the key has asked too often.
 */
export async function authenticateCredential(
  credential: KeyCredential,
  lookups: KeyLookups,
  seen?: KeySeen,
): Promise<KeyCredentials> {
  const secretHash = hashSecret(credential.keySecret)
  const found =
    credential.keyId === undefined
      ? await lookups.findKeyCredentialsBySecret(secretHash)
      : await lookups.findKeyCredentials(credential.keyId)
  const key = authenticateKey(found, secretHash, lookups.now(), seen)
  await lookups.admitKey(key.keyId)
  return key
}
