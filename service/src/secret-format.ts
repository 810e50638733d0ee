import { crc32 } from 'node:zlib'
import { ADMIN_TOKEN_PREFIX, KEY_SECRET_PREFIX, VERIFIER_PREFIX } from '@interhuman-auth/protocol'
import { formatBase62, type RandomBytes, randomBase62 } from './base62.ts'

/** How the secrets begin that the service makes: of API keys, of verifiers, and admin tokens. */
export const SECRET_PREFIXES = [KEY_SECRET_PREFIX, VERIFIER_PREFIX, ADMIN_TOKEN_PREFIX] as const
/** One of {@link SECRET_PREFIXES}. */
export type SecretPrefix = (typeof SECRET_PREFIXES)[number]

/** 256 random bits in base62. */
const RANDOM_LENGTH = 43
/** The largest CRC-32 in base62. */
const CHECKSUM_LENGTH = 6

/**
 * What a secret looks like, as published in `docs/key-format.md`. Whatever it matches is a secret only if its checksum is
 * right, see {@link hasChecksum}.
 */
export const SECRET_PATTERN = `(?:${SECRET_PREFIXES.join('|')})[0-9A-Za-z]{${RANDOM_LENGTH + CHECKSUM_LENGTH}}`

/** The longest secret there is, in characters. */
export const MAX_SECRET_LENGTH =
  Math.max(...SECRET_PREFIXES.map((prefix) => prefix.length)) + RANDOM_LENGTH + CHECKSUM_LENGTH

const wholeSecret = new RegExp(`^${SECRET_PATTERN}$`)

/**
 * Makes a secret: the prefix, 43 base62 characters (256 random bits) and the CRC-32 of all that in 6 more, by which a secret
 * scanner tells a real one (our contract, section 7).
 */
export function newSecret(prefix: SecretPrefix, randomBytes: RandomBytes): string {
  const body = prefix + randomBase62(RANDOM_LENGTH, randomBytes)
  return body + formatChecksum(body)
}

/** Says whether a text is a secret that begins so: its form and its checksum are right. */
export function isSecret(text: string, prefix: SecretPrefix): boolean {
  return text.startsWith(prefix) && wholeSecret.test(text) && hasChecksum(text)
}

/** Says whether the checksum of what {@link SECRET_PATTERN} matches is right. It is no secret's proof, only a sieve. */
export function hasChecksum(text: string): boolean {
  return text.slice(-CHECKSUM_LENGTH) === formatChecksum(text.slice(0, -CHECKSUM_LENGTH))
}

function formatChecksum(body: string): string {
  return formatBase62(crc32(body), CHECKSUM_LENGTH)
}
