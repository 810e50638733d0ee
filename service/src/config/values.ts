import { isAbsolute, resolve } from 'node:path'

// What a value may be. Each throws a TypeError that says what is allowed and never repeats what came.

/** Any text but none. */
export function parseText(text: string): string {
  if (text === '') throw new TypeError('must not be empty')
  return text
}

/** A file or folder, made absolute. */
export function parsePath(text: string): string {
  return resolve(parseText(text))
}

/** A program, by its absolute path, and its arguments; between them stand spaces, and nothing is quoted. */
export function parseCommand(text: string): { readonly program: string; readonly args: readonly string[] } {
  const [program = '', ...args] = text.split(' ').filter((word) => word !== '')
  if (!isAbsolute(program)) throw new TypeError('must begin with the absolute path of a program')
  return { program, args }
}

/** A host name or an IP address. */
export function parseHost(text: string): string {
  if (!/^[\w.:-]+$/.test(text)) throw new TypeError('must be a host name or an IP address')
  return text
}

/** A whole number within bounds. */
export function integer(min: number, max: number): (text: string) => number {
  return function parseInteger(text) {
    const value = Number(text)
    if (!/^\d{1,9}$/.test(text) || value < min || value > max)
      throw new TypeError(`must be a whole number from ${min} to ${max}`)
    return value
  }
}

/** One of a few words. */
export function oneOf<const Word extends string>(words: readonly Word[]): (text: string) => Word {
  return function parseWord(text) {
    const word = words.find((known) => known === text)
    if (word === undefined) throw new TypeError(`must be one of ${words.join(', ')}`)
    return word
  }
}

/** An address is compared and shown as it is written, so that it has one form only. */
export function parseAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const plain =
    url !== undefined && url.username === '' && url.password === '' && url.search === '' && url.hash === ''
  if (!plain || !['http:', 'https:'].includes(url.protocol) || /[/?#]$/.test(text))
    throw new TypeError(
      'must be an http or https URL without credentials, query, fragment or slash at the end',
    )
  return text
}

/** What is there several times, with commas between. */
export function listOf<Value>(parse: (text: string) => Value): (text: string) => readonly Value[] {
  return (text) =>
    parseText(text)
      .split(',')
      .map((part) => parse(part.trim()))
}
