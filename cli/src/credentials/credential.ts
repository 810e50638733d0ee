/** The names of a credential, in the environment and in a file alike (our contract, section 9). */
export const KEY_ID_NAME = 'INTERHUMAN_KEY_ID'
/** The name of the secret. */
export const KEY_SECRET_NAME = 'INTERHUMAN_KEY_SECRET'
/** The name of the address that a key goes to. */
export const API_URL_NAME = 'INTERHUMAN_API_URL'
/** The name under which a command that is run by us finds its token. */
export const ACCESS_TOKEN_NAME = 'INTERHUMAN_ACCESS_TOKEN'
/** Names the credentials file. */
export const CONFIG_NAME = 'INTERHUMAN_CONFIG'

/** An API key and the address that came with it, all from one source. */
export interface Credential {
  readonly keyId: string
  readonly keySecret: string
  /** As it was written; absent means the published one. */
  readonly apiUrl: string | undefined
}

/** What a source holds: nothing (and why it could not be asked, if so), a whole credential, or something that is refused, with the reason. */
export type Finding =
  | { readonly kind: 'absent'; readonly reason?: string | undefined }
  | { readonly kind: 'refused'; readonly reason: string; readonly mode?: string | undefined }
  | { readonly kind: 'found'; readonly credential: Credential; readonly mode?: string | undefined }

/** Reads a credential from named values; an empty value is no value, and half a credential is refused by name. */
export function readCredential(value: (name: string) => string | undefined): Finding {
  const keyId = value(KEY_ID_NAME) || undefined
  const keySecret = value(KEY_SECRET_NAME) || undefined
  if (keyId === undefined && keySecret === undefined) return { kind: 'absent' }
  if (keyId === undefined) return { kind: 'refused', reason: half(KEY_SECRET_NAME, KEY_ID_NAME) }
  if (keySecret === undefined) return { kind: 'refused', reason: half(KEY_ID_NAME, KEY_SECRET_NAME) }
  return { kind: 'found', credential: { keyId, keySecret, apiUrl: value(API_URL_NAME) || undefined } }
}

function half(held: string, missing: string): string {
  return `holds ${held} but not ${missing}; put both there, as a credential is never made from two sources`
}
