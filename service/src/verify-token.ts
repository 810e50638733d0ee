import {
  ACCESS_TOKEN_TYPE,
  type AccessTokenClaims,
  type CheckedClaims,
  type CheckedClientTokenClaims,
  CLIENT_TOKEN_TYPE,
  type ClaimExpectations,
  type ClientTokenCaps,
  checkAccessTokenClaims,
  checkClientTokenClaims,
  MAX_CLOCK_SKEW_SECONDS,
  MAX_TOKEN_LENGTH,
} from '@interhuman-auth/protocol'
import { formatJwtHeader } from './jwt-signer.ts'
import type { VerificationKey } from './verification-key.ts'

/** A token that was issued here and whose time is not over. Whether it was ended early is another question. */
export interface OwnToken {
  readonly claims: AccessTokenClaims
  /** Of a client token only. */
  readonly caps: ClientTokenCaps | undefined
}

/** What checking a token needs from outside. */
export interface VerifyTokenDependencies {
  readonly issuer: string
  readonly audience: string
  /** The key that verifies tokens of this `kid`, as long as it does. */
  verificationKey(kid: string): VerificationKey | undefined
  /** Epoch seconds. */
  now(): number
}

type CheckClaims = (payload: unknown, expected: ClaimExpectations) => CheckedClaims | CheckedClientTokenClaims

const CHECKS: ReadonlyMap<string, CheckClaims> = new Map<string, CheckClaims>([
  [ACCESS_TOKEN_TYPE, checkAccessTokenClaims],
  [CLIENT_TOKEN_TYPE, checkClientTokenClaims],
])

/**
 * Checks that a token was issued here and lives: its header has to be the very text that we write for that key and type, so
 * that nothing in it is ever interpreted; then the signature, then the claims. Anything else gives `undefined`, whatever it
 * is: the tokens of other issuers, of keys that are lost or whose time is over, and what is no token at all.
 *
 * @see RFC 7515 section 5.2; RFC 8725 section 3; our contract, sections 3 and 6
 */
export function verifyToken(token: string, dependencies: VerifyTokenDependencies): OwnToken | undefined {
  if (token.length > MAX_TOKEN_LENGTH) return undefined
  const [header = '', payload = '', signature = '', ...rest] = token.split('.')
  if (rest.length > 0) return undefined
  const { kid, typ } = parseJson(header)
  const check = typeof typ === 'string' ? CHECKS.get(typ) : undefined
  const key = typeof kid === 'string' ? dependencies.verificationKey(kid) : undefined
  if (check === undefined || key === undefined) return undefined
  if (header !== formatJwtHeader({ algorithm: key.algorithm, kid: kid as string }, typ as string))
    return undefined
  const signatureBytes = Buffer.from(signature, 'base64url')
  // One token is one string: its last character could else be another one, and the signature the same.
  if (signatureBytes.toString('base64url') !== signature) return undefined
  if (!key.matches(`${header}.${payload}`, signatureBytes)) return undefined
  return checkClaims(parseJson(payload), check, dependencies)
}

/** The clock of the node that issued it may be ahead of ours; the end of a token is held to the second. */
function checkClaims(
  payload: unknown,
  check: CheckClaims,
  { issuer, audience, now }: VerifyTokenDependencies,
): OwnToken | undefined {
  const seconds = now()
  const expected = { issuer, audience, now: seconds, clockSkewSeconds: MAX_CLOCK_SKEW_SECONDS }
  const checked = check(payload, expected)
  if ('problem' in checked || seconds >= checked.claims.exp) return undefined
  return { claims: checked.claims, caps: 'caps' in checked ? checked.caps : undefined }
}

function parseJson(base64url: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(base64url, 'base64url').toString())
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
