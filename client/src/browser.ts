import { check } from './check.ts'

/** The option that lets a key's secret be used in a page of a browser. Every visitor can then read it. */
export const allowSecretInBrowser: unique symbol = Symbol()

/** {@link allowSecretInBrowser}, or nothing. */
export interface SecretInBrowserOption {
  readonly [allowSecretInBrowser]?: true | undefined
}

/** What tells a page of a browser from the rest. */
interface Platform {
  readonly document?: unknown
  readonly process?: { readonly versions?: { readonly node?: unknown } }
}

/**
 * Refuses a secret in a page of a browser, whose visitors can read what it holds: a document, and no Node underneath.
 *
 * @throws {TypeError} which says what to use instead, unless the option allows it.
 */
export function refuseInBrowser(options: SecretInBrowserOption): void {
  check(
    'keySecret in a browser (use fromBackend)',
    options[allowSecretInBrowser] ||
      !(globalThis as Platform).document ||
      (globalThis as Platform).process?.versions?.node,
  )
}
