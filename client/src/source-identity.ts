import type { TokenSource } from './token-source.ts'

/** What makes the tokens of two sources the same. */
export interface SourceIdentity {
  /** Shares end with this object: the `fetch` of an API key, the source itself for any other. */
  readonly owner: object
  /** Holds the secret: it is compared and never leaves this package. */
  readonly name: string
}

// A property could be read, printed or cloned.
const identities = new WeakMap<TokenSource, SourceIdentity>()

/** Says what a source is, and gives it back. */
export function identify<S extends TokenSource>(source: S, identity: SourceIdentity): S {
  identities.set(source, identity)
  return source
}

/** What a source is: itself, if nobody said more. */
export function identityOf(source: TokenSource): SourceIdentity {
  return identities.get(source) ?? { owner: source, name: '' }
}

/** What stands in a map, put there now if it does not. */
export function keep<K, V>(
  map: { get(key: K): V | undefined; set(key: K, value: V): unknown },
  key: K,
  make: () => V,
): V {
  const value = map.get(key) ?? make()
  map.set(key, value)
  return value
}

const numbers = new WeakMap<object, number>()
let last = 0

/** A number for an object, the same each time, so that it can be part of a name. */
export function numberOf(object: object): number {
  return keep(numbers, object, () => ++last)
}
