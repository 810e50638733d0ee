/**
 * The names of objects, and of the sources that have one of their own: two of one name give the same tokens. That of a
 * source can hold a secret, so it is no property, which could be read, printed or cloned, and never leaves this package.
 */
export const names = new WeakMap<object, number | string>()
let last = 0

/** The name of an object, the same each time: a number, if nobody gave it another. */
export function nameOf(object: object): number | string {
  const name = names.get(object) ?? ++last
  names.set(object, name)
  return name
}
