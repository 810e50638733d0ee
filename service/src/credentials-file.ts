/** What a credentials file holds. */
export interface Credentials {
  readonly keyId: string
  readonly keySecret: string
  /** The address that the key may be sent to. */
  readonly apiUrl: string
}

/** Writes a credentials file in dotenv form (our contract, section 9). No value needs quotes. */
export function formatCredentialsFile(credentials: Credentials): string {
  return [
    `INTERHUMAN_KEY_ID=${credentials.keyId}`,
    `INTERHUMAN_KEY_SECRET=${credentials.keySecret}`,
    `INTERHUMAN_API_URL=${credentials.apiUrl}`,
    '',
  ].join('\n')
}
