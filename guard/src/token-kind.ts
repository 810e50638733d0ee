import {
  ACCESS_TOKEN_TYPE,
  type CheckedClaims,
  type CheckedClientTokenClaims,
  CLIENT_TOKEN_TYPE,
  type ClaimExpectations,
  checkAccessTokenClaims,
  checkClientTokenClaims,
} from '@interhuman-auth/protocol'
import type { TokenError } from './refusal.ts'

/** What a `typ` stands for: how its claims are checked, and what a caller hears of one that is not good. */
export interface TokenKind {
  readonly checkClaims: (
    payload: unknown,
    expected: ClaimExpectations,
  ) => CheckedClaims | CheckedClientTokenClaims
  readonly invalid: TokenError
  readonly expired: TokenError
  readonly revoked: TokenError
}

const ACCESS_TOKEN: TokenKind = {
  checkClaims: checkAccessTokenClaims,
  invalid: 'invalidCredentials',
  expired: 'invalidCredentials',
  revoked: 'invalidCredentials',
}

/** Client tokens, which a verifier takes only where it is told to. */
export const CLIENT_TOKEN: TokenKind = {
  checkClaims: checkClientTokenClaims,
  invalid: 'clientTokenInvalid',
  expired: 'clientTokenExpired',
  revoked: 'clientTokenRevoked',
}

/** The kinds of tokens by the `typ` of their header: one string for one thing (RFC 8725 section 3.11). */
export const TOKEN_KINDS: ReadonlyMap<unknown, TokenKind> = new Map([
  [ACCESS_TOKEN_TYPE, ACCESS_TOKEN],
  [CLIENT_TOKEN_TYPE, CLIENT_TOKEN],
])
