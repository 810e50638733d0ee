import {
  createHash,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto'
import type { Algorithm, PublicJwk } from '@interhuman-auth/protocol'
import type { RandomBytes } from './base62.ts'
import type { ActiveSigningKey } from './jwt-signer.ts'
import { reseal, seal, unseal } from './master-key.ts'

/** `next` is published before it signs, `active` signs, `retired` verifies only (our contract, section 3). */
export type SigningKeyState = 'next' | 'active' | 'retired'

/** A signing key as it is kept: the private part only sealed under the master key. */
export interface SigningKey {
  readonly kid: string
  readonly algorithm: Algorithm
  readonly state: SigningKeyState
  readonly sealedPrivateKey: Buffer
  /** `null` for HS256, whose key has no public part. */
  readonly publicJwk: PublicJwk | null
  /** Epoch seconds. From then on the key set has held it. */
  readonly createdAt: number
  /** Epoch seconds, or `null` before it is retired. */
  readonly retiredAt: number | null
  /** From when on it signed, in epoch seconds; `null` for one that never did, or whose time is not known. */
  readonly activatedAt: number | null
  /** From when on it counts as lost, in epoch seconds: in no key set, and verifies nothing. */
  readonly lostAt: number | null
}

/** What making a signing key needs from outside. */
export interface SigningKeyContext {
  readonly algorithm: Algorithm
  readonly masterKey: Buffer
  /** Epoch seconds. */
  readonly now: number
  readonly randomBytes: RandomBytes
}

/** Makes a signing key and seals its private part. */
export function createSigningKey(state: 'next' | 'active', context: SigningKeyContext): SigningKey {
  const { algorithm, masterKey, now, randomBytes } = context
  const { kid, publicJwk, privateBytes } = newKeyMaterial(algorithm, randomBytes)
  return {
    kid,
    algorithm,
    state,
    sealedPrivateKey: seal(masterKey, privateBytes, sealingContext(kid, algorithm), randomBytes),
    publicJwk,
    createdAt: now,
    retiredAt: null,
    activatedAt: state === 'active' ? now : null,
    lostAt: null,
  }
}

/**
 * Opens a signing key.
 *
 * @throws {UnsealError} when the master key is not the one it was sealed under.
 */
export function openSigningKey(key: SigningKey, masterKey: Buffer): ActiveSigningKey {
  const bytes = unseal(masterKey, key.sealedPrivateKey, sealingContext(key.kid, key.algorithm))
  const privateKey =
    key.algorithm === 'HS256'
      ? createSecretKey(bytes)
      : createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' })
  return { kid: key.kid, algorithm: key.algorithm, privateKey }
}

/**
 * Seals the private part of a signing key under another master key, and makes sure that it opens again.
 *
 * @throws {UnsealError} when `from` is not the one it was sealed under.
 */
export function resealSigningKey(
  key: SigningKey,
  masterKeys: { readonly from: Buffer; readonly to: Buffer },
  randomBytes: RandomBytes,
): SigningKey {
  const context = sealingContext(key.kid, key.algorithm)
  return { ...key, sealedPrivateKey: reseal(key.sealedPrivateKey, context, masterKeys, randomBytes) }
}

interface KeyMaterial {
  readonly kid: string
  readonly publicJwk: PublicJwk | null
  readonly privateBytes: Buffer
}

function newKeyMaterial(algorithm: Algorithm, randomBytes: RandomBytes): KeyMaterial {
  if (algorithm === 'HS256')
    return { kid: randomBytes(32).toString('base64url'), publicJwk: null, privateBytes: randomBytes(32) }
  const { privateKey } =
    algorithm === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('ed25519')
  const publicJwk = formatPublicJwk(privateKey)
  return {
    kid: publicJwk.kid,
    publicJwk,
    privateBytes: privateKey.export({ format: 'der', type: 'pkcs8' }),
  }
}

/** The kid is the key's thumbprint (RFC 7638 section 3: required members, in this order). */
function formatPublicJwk(privateKey: KeyObject): PublicJwk {
  const { x = '', y = '' } = createPublicKey(privateKey).export({ format: 'jwk' })
  if (privateKey.asymmetricKeyType === 'ec') {
    const kid = thumbprint({ crv: 'P-256', kty: 'EC', x, y })
    return { kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig', kid, x, y }
  }
  const kid = thumbprint({ crv: 'Ed25519', kty: 'OKP', x })
  return { kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig', kid, x }
}

function thumbprint(members: Record<string, string>): string {
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url')
}

function sealingContext(kid: string, algorithm: Algorithm): string {
  return `signing-key:${algorithm}:${kid}`
}
