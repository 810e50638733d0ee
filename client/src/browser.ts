import { check } from './check.ts'

/** The option that lets a key's secret be used in a page of a browser. Every visitor can then read it. */
export const allowSecretInBrowser: unique symbol = Symbol()

/** {@link allowSecretInBrowser}, or nothing. */
export interface SecretInBrowserOption {
  readonly [allowSecretInBrowser]?: true | undefined
}

const platform: { document?: unknown; process?: { versions?: { node?: unknown } } } = globalThis

/**
 * Refuses a secret in a page of a browser, whose visitors can read what it holds: a document, and no Node underneath.
 *
 * @throws {TypeError} which says what to use instead, unless the option allows it.
 */
export function refuseInBrowser(options: SecretInBrowserOption): void {
  check(
    'keySecret in a browser (use fromBackend)',
    options[allowSecretInBrowser] || !platform.document || platform.process?.versions?.node,
  )
}
