import type { TransportErrorCode } from '@interhuman-auth/client/strict'

/** The exit codes that scripts depend on (our contract, section 9). */
export const EXIT = {
  /** Status 200, and the body whole. */
  ok: 0,
  /** Wrong usage. */
  usage: 2,
  /** No credential, half of one, or an unsafe file. */
  credential: 3,
  /** Refused: a 4xx. */
  refused: 4,
  /** Any other status, what is not HTTP, a body cut short, or an output that cannot be written. */
  other: 5,
  /** Not reached in time, or reset before the headers. */
  unreachable: 6,
  /** Not trusted: a redirect, plain http to another machine, TLS, an address that is not the key's. */
  untrusted: 7,
  /** `exec`: the command is there and cannot be run. */
  commandUnusable: 126,
  /** `exec`: there is no such command. */
  commandAbsent: 127,
} as const

/** Gives the exit code of an answer, by its status alone. */
export function exitCodeOfStatus(status: number): number {
  if (status === 200) return EXIT.ok
  return status >= 400 && status < 500 ? EXIT.refused : EXIT.other
}

/** The exit code of an exchange that brought no answer. */
export const EXIT_OF_TRANSPORT: Readonly<Record<TransportErrorCode, number>> = {
  timeout: EXIT.unreachable,
  network: EXIT.unreachable,
  not_http: EXIT.other,
  redirect: EXIT.untrusted,
  tls: EXIT.untrusted,
  insecure_url: EXIT.untrusted,
}

/** What an answer said about a refusal, for those who asked for JSON. */
export interface RefusalDetails {
  readonly status?: number | undefined
  readonly errorId?: string | undefined
  readonly correlationId?: string | undefined
}

/** What a refusal says to whoever decides whether to try again, and when. */
export interface RetryAdvice {
  readonly retryable: boolean
  readonly retryAfterSeconds?: number | undefined
}

/** Ends a command with one line on standard error. The message holds no credential and nothing that was typed. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly exitCode: number
  readonly details: RefusalDetails
  /** Absent where trying again was no question. */
  readonly retry: RetryAdvice | undefined

  constructor(exitCode: number, message: string, details: RefusalDetails = {}, retry?: RetryAdvice) {
    super(message)
    this.exitCode = exitCode
    this.details = details
    this.retry = retry
  }
}
