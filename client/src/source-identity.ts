// What makes the tokens of two sources the same is kept beside them: a property could be read, printed or cloned.
const names = new WeakMap<object, number | string>()
let last = 0

/** Gives an object a name of its own instead of the number that it would get. */
export function nameSource(source: object, name: string): void {
  names.set(source, name)
}

/** The name of an object, the same each time. One of a source can hold a secret and never leaves this package. */
export function nameOf(object: object): number | string {
  const name = names.get(object) ?? ++last
  names.set(object, name)
  return name
}
