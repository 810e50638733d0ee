import { builtin } from '../builtin.ts'

const { STATUS_CODES }: typeof import('node:http') = builtin('node:http')

/** Plain text (RFC 9112 section 4): Node's parser reads more than its writer takes, and other bytes are not written as they came. */
const plain = /^[\t\x20-\x7e]*$/

/** What of an answer names its reason. */
export interface Reason {
  readonly statusCode?: number | undefined
  readonly statusMessage?: string | undefined
}

/** Gives the reason phrase of an answer as it came, or the usual one of its status where that one cannot be sent. */
export function reasonPhrase({ statusCode = 0, statusMessage = '' }: Reason): string {
  return plain.test(statusMessage) ? statusMessage : usualPhrase(statusCode)
}

/** Gives the usual reason phrase of a status, empty where it has none. */
export function usualPhrase(statusCode: number): string {
  return STATUS_CODES[statusCode] ?? ''
}
