const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** The largest multiple of 62 in a byte: bytes above it are drawn again, so that every character is equally likely. */
const LIMIT = 248

/** Fills a buffer of the asked length with random bytes. */
export type RandomBytes = (length: number) => Buffer

/** Draws `length` base62 characters, each equally likely. */
export function randomBase62(length: number, randomBytes: RandomBytes): string {
  let text = ''
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < LIMIT && text.length < length) text += ALPHABET.charAt(byte % 62)
    }
  }
  return text
}

/** Writes a non-negative integer in base62, padded on the left to `length` characters. */
export function formatBase62(value: number, length: number): string {
  let text = ''
  for (let rest = value; text.length < length; rest = Math.floor(rest / 62)) {
    text = ALPHABET.charAt(rest % 62) + text
  }
  return text
}
