import type { ErrorName } from '@interhuman-auth/protocol'

/** Why a request gets no answer of the API. Holds nothing of the request. */
export class ProxyFault extends Error {
  override readonly name = 'ProxyFault'
  readonly error: ErrorName
  /** For the operator: the system's word for it. */
  readonly systemCode: string | undefined
  readonly retryAfterSeconds: number | undefined

  constructor(
    error: ErrorName,
    details: { systemCode?: string | undefined; retryAfterSeconds?: number | undefined } = {},
  ) {
    super(error)
    this.error = error
    this.systemCode = details.systemCode
    this.retryAfterSeconds = details.retryAfterSeconds
  }
}
