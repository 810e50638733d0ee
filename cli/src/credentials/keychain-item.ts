import { API_URL_NAME, type Credential, KEY_ID_NAME, KEY_SECRET_NAME } from './credential.ts'

/** Writes the one item of the keychain: id, secret and address together, so that they come from one source. */
export function toItem({ keyId, keySecret, apiUrl }: Credential): string {
  return JSON.stringify({ [KEY_ID_NAME]: keyId, [KEY_SECRET_NAME]: keySecret, [API_URL_NAME]: apiUrl })
}

/** Reads the item: values by name, or `undefined` if it is not of that form. */
export function fromItem(item: string): Readonly<Record<string, string>> | undefined {
  try {
    const values: unknown = JSON.parse(item)
    if (typeof values !== 'object' || values === null || Array.isArray(values)) return undefined
    return Object.values(values).every((value) => typeof value === 'string')
      ? (values as Record<string, string>)
      : undefined
  } catch {
    return undefined
  }
}
