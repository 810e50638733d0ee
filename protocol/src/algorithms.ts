/** The signing algorithms that a token may have, and no other: `none` is not among them (RFC 8725 section 3.1). */
export const ALGORITHMS = ['ES256', 'EdDSA', 'HS256'] as const

/** One of {@link ALGORITHMS} (RFC 7518; EdDSA is Ed25519, RFC 8037). */
export type Algorithm = (typeof ALGORITHMS)[number]

/** Says whether a value names an algorithm of {@link ALGORITHMS}, letter for letter. */
export function isAlgorithm(value: unknown): value is Algorithm {
  return (ALGORITHMS as readonly unknown[]).includes(value)
}
