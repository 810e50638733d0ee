import { readFileSync } from 'node:fs'

/** Reads the key out of a credentials file that the service wrote. */
export function readCredentialsFile(file: string): { keyId: string; keySecret: string; apiUrl: string } {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  const values = Object.fromEntries(lines.map((line) => line.split('=', 2) as [string, string]))
  return {
    keyId: values.INTERHUMAN_KEY_ID ?? '',
    keySecret: values.INTERHUMAN_KEY_SECRET ?? '',
    apiUrl: values.INTERHUMAN_API_URL ?? '',
  }
}
