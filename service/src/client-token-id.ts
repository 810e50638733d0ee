import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'
import { type RandomBytes, randomBase62 } from './base62.ts'
import { KEY_ID_PREFIX } from './key-format.ts'

const TOKEN_ID_PREFIX = 'ihct_'
/** 130 random bits. */
const RANDOM_LENGTH = 22

/** 96 bits: a guess costs a request. */
const TAG_HEX_LENGTH = 24

const tokenIdPattern = /^(ihct_([0-9A-Za-z]{20})_([1-9]\d{9})_[0-9A-Za-z]{22}_)([0-9a-f]{24})$/

/** What a client token's id says of its token. */
export interface ClientTokenIdentity {
  readonly keyId: string
  /** Epoch seconds. */
  readonly expiresAt: number
}

/**
 * Makes the id of a client token: `ihct_`, the key's own 20 characters, the second of its expiry, 22 base62 characters, and
 * a tag of all that (HMAC-SHA-256, 96 bits). Issuing writes no row, so whose a token is, until when it lives and that it was
 * issued has to stand in what it is revoked by.
 */
export function newClientTokenId(
  identity: ClientTokenIdentity,
  { tokenIdKey, randomBytes }: { readonly tokenIdKey: KeyObject; readonly randomBytes: RandomBytes },
): string {
  const key = identity.keyId.slice(KEY_ID_PREFIX.length)
  const random = randomBase62(RANDOM_LENGTH, randomBytes)
  const told = `${TOKEN_ID_PREFIX}${key}_${identity.expiresAt}_${random}_`
  return told + formatTag(told, tokenIdKey)
}

/** Reads the id of a client token, `undefined` for one that was not issued with this key. */
export function parseClientTokenId(tokenId: string, tokenIdKey: KeyObject): ClientTokenIdentity | undefined {
  const [, told, key, expiresAt, tag] = tokenIdPattern.exec(tokenId) ?? []
  if (told === undefined || key === undefined || tag === undefined) return undefined
  if (!timingSafeEqual(Buffer.from(tag), Buffer.from(formatTag(told, tokenIdKey)))) return undefined
  return { keyId: KEY_ID_PREFIX + key, expiresAt: Number(expiresAt) }
}

function formatTag(told: string, tokenIdKey: KeyObject): string {
  return createHmac('sha256', tokenIdKey).update(told).digest('hex').slice(0, TAG_HEX_LENGTH)
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
