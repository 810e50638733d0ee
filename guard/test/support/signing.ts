import { createHmac, generateKeyPairSync, type KeyObject, randomBytes, sign as signBytes } from 'node:crypto'
import {
  type AccessTokenClaims,
  type Algorithm,
  CLIENT_TOKEN_TYPE,
  type ClientTokenCaps,
  formatAccessTokenClaims,
  formatClientTokenClaims,
} from '@interhuman-auth/protocol'
import type { KeySource } from '../../src/key-source.ts'
import {
  publicVerificationKey,
  sharedVerificationKey,
  type VerificationKey,
} from '../../src/verification-key.ts'

export const ISSUER = 'https://auth.example.com'
/** Epoch seconds at which all fixtures are issued and all clocks stand. */
export const NOW = 1_800_000_000

export interface SigningFixture {
  readonly algorithm: Algorithm
  readonly kid: string
  readonly privateKey: KeyObject | Uint8Array
  /** The public key as the key set has it; none for HS256. */
  readonly jwk?: Parameters<typeof publicVerificationKey>[0]
  readonly verificationKey: VerificationKey
  readonly sign: (signed: string) => Buffer
}

export function es256(kid = 'es-1'): SigningFixture {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  const jwk = { kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig', kid, x, y } as const
  const sign = (signed: string) =>
    signBytes('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return { algorithm: 'ES256', kid, privateKey, jwk, verificationKey: publicVerificationKey(jwk), sign }
}

export function edDsa(kid = 'ed-1'): SigningFixture {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const { x = '' } = publicKey.export({ format: 'jwk' })
  const jwk = { kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig', kid, x } as const
  const sign = (signed: string) => signBytes(null, Buffer.from(signed), privateKey)
  return { algorithm: 'EdDSA', kid, privateKey, jwk, verificationKey: publicVerificationKey(jwk), sign }
}

export function hs256(kid = 'hs-1', secret: Uint8Array = randomBytes(32)): SigningFixture {
  const sign = (signed: string) => createHmac('sha256', secret).update(signed).digest()
  return { algorithm: 'HS256', kid, privateKey: secret, verificationKey: sharedVerificationKey(secret), sign }
}

export function encode(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
}

export function claims(changes: Record<string, unknown> = {}): AccessTokenClaims & Record<string, unknown> {
  const good = formatAccessTokenClaims({
    issuer: ISSUER,
    audience: ISSUER,
    keyId: 'ihk_00000000000000000001',
    generation: 3,
    scope: 'interhumanai.upload',
    tokenId: 'token-1',
    issuedAt: NOW,
  })
  return { ...good, ...changes }
}

/** A client token of 3,600 s for the stream, and what its claims come to. */
export function clientToken(
  fixture: SigningFixture,
  changes: Record<string, unknown> = {},
  caps: ClientTokenCaps = { maxConcurrent: 1 },
) {
  const token = compact(fixture, { ...clientClaims(caps), ...changes }, { typ: CLIENT_TOKEN_TYPE })
  return { token, claims: claims({ exp: NOW + 3600, scope: 'interhumanai.stream', ...changes }) }
}

function clientClaims(caps: ClientTokenCaps): object {
  return formatClientTokenClaims({
    issuer: ISSUER,
    audience: ISSUER,
    keyId: 'ihk_00000000000000000001',
    generation: 3,
    scope: 'interhumanai.stream',
    tokenId: 'token-1',
    issuedAt: NOW,
    lifetimeSeconds: 3600,
    caps,
  })
}

/** A compact JWS over any header and any payload; members that are `undefined` are left out, as JSON does. */
export function compact(fixture: SigningFixture, payload: unknown = claims(), header: object = {}): string {
  const all = { alg: fixture.algorithm, typ: 'at+jwt', kid: fixture.kid, ...header }
  const signed = `${encode(all)}.${encode(payload)}`
  return `${signed}.${fixture.sign(signed).toString('base64url')}`
}

/** A key source over fixtures, without a network. */
export function sourceOf(...fixtures: SigningFixture[]): KeySource {
  const keys = new Map(fixtures.map(({ kid, verificationKey }) => [kid, verificationKey]))
  return {
    async find(kid) {
      const key = keys.get(kid)
      return key === undefined ? { missing: 'unknown' } : { key }
    },
  }
}
