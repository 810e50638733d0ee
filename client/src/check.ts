/**
 * Throws unless a parameter is right. One message for all: what each must be stands at its declaration.
 *
 * @throws {TypeError} The message never repeats the value.
 */
export function check(name: string, isRight: unknown): void {
  if (!isRight) throw new TypeError(`${name} is wrong`)
}
