import { createHmac, type KeyObject, sign } from 'node:crypto'
import type { Algorithm } from '@interhuman-auth/protocol'
import { toRawSignature } from './der-signature.ts'

/** A key that can sign, opened. */
export interface ActiveSigningKey {
  readonly kid: string
  readonly algorithm: Algorithm
  readonly privateKey: KeyObject
}

/** Signs claims as a token of one type. */
export type SignJwt = (claims: object) => string

/**
 * Makes the function that signs claims as tokens of one type with one key. What does not change from token to token is
 * computed once.
 *
 * @see RFC 7515 section 3.1 (compact form)
 */
export function createJwtSigner(key: ActiveSigningKey, type: string): SignJwt {
  const header = formatJwtHeader(key, type)
  const signInput = createSigner(key)
  return function signJwt(claims) {
    const input = `${header}.${encode(claims)}`
    return `${input}.${signInput(input)}`
  }
}

/**
 * Writes the header of a token, the one form that it ever has here: a service of an earlier version may have issued tokens
 * that live, so it stays as it is.
 */
export function formatJwtHeader(
  { algorithm, kid }: Omit<ActiveSigningKey, 'privateKey'>,
  type: string,
): string {
  return encode({ alg: algorithm, typ: type, kid })
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function createSigner({ algorithm, privateKey }: ActiveSigningKey): (input: string) => string {
  switch (algorithm) {
    case 'ES256':
      return (input) => toRawSignature(sign('sha256', Buffer.from(input), privateKey)).toString('base64url')
    case 'EdDSA':
      return (input) => sign(null, Buffer.from(input), privateKey).toString('base64url')
    case 'HS256':
      return (input) => createHmac('sha256', privateKey).update(input).digest('base64url')
  }
}
