import { ACCESS_TOKEN_TYPE, CLIENT_TOKEN_TYPE } from '@interhuman-auth/protocol'
import { createJwtSigner, type SignJwt } from './jwt-signer.ts'
import { UnsealError } from './master-key.ts'
import type { RenewableMasterKey } from './renewable-master-key.ts'
import { openSigningKey, type SigningKey } from './signing-key.ts'
import { formatKeySet, verifies, verifiesUntil } from './signing-keys.ts'
import { publicVerificationKey, sharedVerificationKey, type VerificationKey } from './verification-key.ts'

/** What the active key signs with, prepared. */
export interface Signers {
  readonly kid: string
  readonly accessToken: SignJwt
  readonly clientToken: SignJwt
}

/** A key, and what was made of it; kept from one reading to the next, so that a key once open stays open. */
interface PreparedKey {
  readonly signers: Signers | null
  readonly verificationKey: VerificationKey | null
}

/** The keys of one reading of the store, opened and prepared. */
export interface SigningRing {
  readonly keys: readonly SigningKey[]
  readonly prepared: ReadonlyMap<string, PreparedKey>
  /** Those of the active key; `null` where it does not open. */
  readonly signers: Signers | null
  /** By kid, and until when in epoch seconds. */
  readonly verifying: ReadonlyMap<string, { readonly key: VerificationKey; readonly until: number }>
}

/** What opening keys needs from outside. */
export interface SigningRingContext {
  readonly masterKey: RenewableMasterKey
  /** Told when a key does not open: after a rewrap, on a node whose master key is still the one before. */
  onSealedKey(kid: string): void
}

/**
 * Opens and prepares keys.
 *
 * @param before what was prepared at the last reading.
 */
export async function readRing(
  keys: readonly SigningKey[],
  before: SigningRing['prepared'],
  context: SigningRingContext,
): Promise<SigningRing> {
  const prepared = new Map<string, PreparedKey>()
  const verifying = new Map<string, { readonly key: VerificationKey; readonly until: number }>()
  let signers: Signers | null = null
  for (const key of keys) {
    if (key.lostAt !== null) continue
    const ready = await prepare(key, before.get(key.kid), context)
    prepared.set(key.kid, ready)
    if (key.state === 'active') signers = ready.signers
    if (ready.verificationKey !== null)
      verifying.set(key.kid, { key: ready.verificationKey, until: verifiesUntil(key) })
  }
  return { keys, prepared, signers, verifying }
}

/** The ring without lost keys, as long as the store was not read again. Where the active one is lost, the next one signs. */
export function withoutLost(ring: SigningRing, kids: readonly string[]): SigningRing {
  if (kids.length === 0) return ring
  const lost = new Set(kids)
  const keys = ring.keys.filter((key) => !lost.has(key.kid))
  const next = keys.find((key) => key.state === 'next')
  const successor = next === undefined ? null : (ring.prepared.get(next.kid)?.signers ?? null)
  return {
    keys,
    prepared: ring.prepared,
    signers: ring.signers !== null && lost.has(ring.signers.kid) ? successor : ring.signers,
    verifying: new Map([...ring.verifying].filter(([kid]) => !lost.has(kid))),
  }
}

/** The key set of a ring and the time within which it is the right one, in epoch seconds: then a retired key's time is over. */
export interface KeySetText {
  readonly ring: SigningRing
  readonly text: string
  readonly from: number
  readonly until: number
}

/** Writes the key set. */
export function createKeySetText(ring: SigningRing, now: number): KeySetText {
  const until = Math.min(...ring.keys.filter((key) => verifies(key, now)).map(verifiesUntil))
  return { ring, text: JSON.stringify(formatKeySet(ring.keys, now)), from: now, until }
}

/** A key that does not sign any more is opened only where its secret is what verifies. */
async function prepare(
  key: SigningKey,
  before: PreparedKey | undefined,
  context: SigningRingContext,
): Promise<PreparedKey> {
  const verificationKey =
    before?.verificationKey ?? (key.publicJwk === null ? null : publicVerificationKey(key.publicJwk))
  const signs = key.state !== 'retired'
  if (verificationKey !== null && (!signs || (before?.signers ?? null) !== null))
    return { signers: before?.signers ?? null, verificationKey }
  const opened = await open(key, context)
  if (opened === undefined) return { signers: null, verificationKey }
  return {
    signers: {
      kid: key.kid,
      accessToken: createJwtSigner(opened, ACCESS_TOKEN_TYPE),
      clientToken: createJwtSigner(opened, CLIENT_TOKEN_TYPE),
    },
    verificationKey: verificationKey ?? sharedVerificationKey(opened.privateKey),
  }
}

async function open(key: SigningKey, { masterKey, onSealedKey }: SigningRingContext) {
  try {
    return await masterKey.use((bytes) => openSigningKey(key, bytes))
  } catch (error) {
    if (!(error instanceof UnsealError)) throw error
    onSealedKey(key.kid)
    return undefined
  }
}
