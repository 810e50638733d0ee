/**
 * Decodes unpadded base64url in its one canonical form: padding, whitespace, the other alphabet and a last character
 * with stray bits give `undefined`, so that one token is one string.
 *
 * @see RFC 7515 section 2; RFC 4648 section 3.5
 */
export function decodeBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}
