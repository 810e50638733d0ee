/** Who used a secret of a key, and when last: what tells whether a rotation can be ended. */
export interface SecretUse {
  /** Which secret of the key, counted from 1. */
  readonly secretNumber: number
  readonly address: string
  /** As the client sent it, cut; empty where it sent none. */
  readonly userAgent: string
  /**
   * The verifier that asked about the secret, since somebody had used it directly: address and user agent are then those of
   * the verifier, and who that somebody is is not known here. Empty where the holder of the secret sent it.
   */
  readonly verifierId: string
  readonly uses: number
  /** Epoch seconds. */
  readonly lastUsedAt: number
}

/** A secret counts as in use for this long after its last use, in seconds: long enough for what runs once a day. */
export const IN_USE_SECONDS = 26 * 3600

/** Says whether somebody who used a secret may well use it again. */
export function isInUse(use: SecretUse, now: number): boolean {
  return now < use.lastUsedAt + IN_USE_SECONDS
}
