/**
 * Says whether a text is the serialised origin of a web page, letter for letter as a browser sends it: `https` or
 * `http`, a host in its canonical form, a port only where it is not the scheme's own. No path, no user, no wildcard, and
 * not `null`.
 *
 * @see RFC 6454 section 6.2; our contract, section 5
 */
export function isOrigin(text: string): boolean {
  return originForm.test(text) && URL.canParse(text) && new URL(text).origin === text
}

/** Characters that a host of the web has; a URL's host may have others, `*` among them. */
const originForm = /^https?:\/\/(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/
