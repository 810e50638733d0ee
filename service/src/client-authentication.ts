import { isUtf8 } from 'node:buffer'
import { CHALLENGE_HEADER, ERRORS, type ErrorRow } from '@interhuman-auth/protocol'
import { ApiError } from './api-error.ts'
import { decodeFormText, type FormParameters } from './form-body.ts'

/** How a client may send its credential (RFC 6749 section 2.3.1; RFC 7591 section 2). */
export const CLIENT_AUTHENTICATION_METHODS = ['client_secret_basic', 'client_secret_post'] as const

/** The members of a form that carry a client's credential, as JSON Schema: the API key under the names of RFC 6749. */
export const CLIENT_CREDENTIAL_PROPERTIES = {
  client_id: {
    type: 'string',
    description:
      'The id of the API key, with `client_secret`; not beside an Authorization header that says otherwise.',
  },
  client_secret: { type: 'string', format: 'password', description: 'The secret of the API key.' },
} as const

/** An API key that came as a client's credential. */
export interface ClientCredential {
  readonly keyId: string
  readonly keySecret: string
}

const CHALLENGE = 'Basic realm="interhuman-auth", charset="UTF-8"'
const basic = /^basic +([A-Za-z0-9+/]+={0,2})$/i
/** What a client's id and secret are made of (RFC 6749 appendices A.1 and A.2). */
const visible = /^[\x20-\x7e]+$/

/**
 * Reads the credential of a client, from the `Authorization` header or from the form.
 *
 * @throws {ApiError} `ih2002` for none, `ih2001` for one that cannot be read, `ia9035` for two of them.
 * @see RFC 6749 section 2.3
 */
export function readClientCredential(
  authorization: string | undefined,
  form: FormParameters,
): ClientCredential {
  const keyId = form.get('client_id')
  const keySecret = form.get('client_secret')
  if (authorization !== undefined) {
    if (keySecret !== undefined) throw new ApiError(ERRORS.clientAuthenticationRepeated)
    const credential = readBasic(authorization)
    if (keyId !== undefined && keyId !== credential.keyId)
      throw new ApiError(ERRORS.clientAuthenticationRepeated)
    return credential
  }
  if (keyId === undefined || keySecret === undefined) throw refuseClient(ERRORS.credentialAbsent)
  return checkCredential(keyId, keySecret)
}

/** Both parts were encoded as a form's values before they were joined (RFC 6749 section 2.3.1). */
function readBasic(authorization: string): ClientCredential {
  const bytes = Buffer.from(basic.exec(authorization)?.[1] ?? '', 'base64')
  const text = isUtf8(bytes) ? bytes.toString() : ''
  const colon = text.indexOf(':')
  if (colon === -1) throw refuseClient(ERRORS.invalidCredentials)
  let parts: readonly [string, string]
  try {
    parts = [decodeFormText(text.slice(0, colon)), decodeFormText(text.slice(colon + 1))]
  } catch {
    throw refuseClient(ERRORS.invalidCredentials)
  }
  return checkCredential(...parts)
}

function checkCredential(keyId: string, keySecret: string): ClientCredential {
  if (!visible.test(keyId) || !visible.test(keySecret)) throw refuseClient(ERRORS.invalidCredentials)
  return { keyId, keySecret }
}

function refuseClient(row: ErrorRow): ApiError {
  return new ApiError(row, { oauth: 'invalid_client', headers: { [CHALLENGE_HEADER]: CHALLENGE } })
}

/**
 * Does what a client asked for, and says what goes wrong in the words of RFC 6749 section 5.2: a key that does not
 * authenticate is `invalid_client` with a challenge, a scope that it does not hold is 400 `invalid_scope`.
 *
 * @throws {ApiError} and whatever else `work` throws.
 */
export async function answerClient<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    if (error.row === ERRORS.invalidCredentials) throw refuseClient(error.row)
    if (error.row === ERRORS.insufficientScope) throw new ApiError(ERRORS.scopeRefused)
    throw error
  }
}
