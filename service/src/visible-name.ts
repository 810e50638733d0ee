/** The longest name of a key, a verifier or an admin token, in characters. */
export const MAX_NAME_LENGTH = 100

/** Control and format characters could forge a line of a list or turn its text around. */
const invisible = /[\p{C}\p{Zl}\p{Zp}]/u

/** Reads a name that people give something; `undefined` where it is empty, too long, or holds what cannot be seen. */
export function parseVisibleName(text: string): string | undefined {
  const trimmed = text.trim()
  return trimmed === '' || trimmed.length > MAX_NAME_LENGTH || invisible.test(trimmed) ? undefined : trimmed
}
