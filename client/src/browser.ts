/** Whether this is a page in a browser, whose visitors can read what it holds: a document, and no Node underneath. */
export function isBrowser(): boolean {
  const { document, process } = globalThis as {
    document?: unknown
    process?: { versions?: { node?: unknown } }
  }
  return !!document && !process?.versions?.node
}
