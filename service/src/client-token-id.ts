import { type RandomBytes, randomBase62 } from './base62.ts'
import { KEY_ID_PREFIX } from './key-format.ts'

const TOKEN_ID_PREFIX = 'ihct_'
/** 130 random bits. */
const RANDOM_LENGTH = 22

const tokenIdPattern = /^ihct_([0-9A-Za-z]{20})_([1-9]\d{9})_[0-9A-Za-z]{22}$/

/** What a client token's id says of its token. */
export interface ClientTokenIdentity {
  readonly keyId: string
  /** Epoch seconds. */
  readonly expiresAt: number
}

/**
 * Makes the id of a client token: `ihct_`, the key's own 20 characters, the second of its expiry, 22 base62 characters.
 * Issuing writes no row, so whose a token is and until when it lives has to stand in what it is revoked by.
 */
export function newClientTokenId(identity: ClientTokenIdentity, randomBytes: RandomBytes): string {
  const key = identity.keyId.slice(KEY_ID_PREFIX.length)
  return `${TOKEN_ID_PREFIX}${key}_${identity.expiresAt}_${randomBase62(RANDOM_LENGTH, randomBytes)}`
}

/** Reads the id of a client token, `undefined` for what is none. That such a token was ever issued is not known. */
export function parseClientTokenId(tokenId: string): ClientTokenIdentity | undefined {
  const [, key, expiresAt] = tokenIdPattern.exec(tokenId) ?? []
  return key === undefined ? undefined : { keyId: KEY_ID_PREFIX + key, expiresAt: Number(expiresAt) }
}

/**
 * Reads the id out of a client token, `undefined` where there is none. The signature is not checked: whoever may revoke
 * a token may as well name its id.
 */
export function readClientTokenId(token: string): string | undefined {
  const [, payload] = token.split('.', 2)
  if (payload === undefined) return undefined
  try {
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { jti?: unknown } | null
    return typeof claims?.jti === 'string' ? claims.jti : undefined
  } catch {
    return undefined
  }
}
