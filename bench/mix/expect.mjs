import { isDeepStrictEqual } from 'node:util'

/**
 * The one answer that is right. An error has an id and all that follows from it; a token has a key and a scope; an
 * introspection says what is in `active`, or that nothing is.
 *
 * @typedef {object} Want
 * @property {number} status
 * @property {string} [id]
 * @property {'v0' | 'v1' | 'oauth'} [dialect]
 * @property {string} [word] of OAuth
 * @property {string} [challenge] how it begins
 * @property {string} [allow]
 * @property {readonly string[]} [fields] what a 422 says something of
 * @property {{ keyId: string, scope: string }} [token]
 * @property {Readonly<Record<string, unknown>> | null} [active]
 */

/** @typedef {{ status: number, headers: Readonly<Record<string, string>>, body: string, startedAt: number, endedAt: number }} Answer Times in milliseconds of the monotonic clock. */
/** @typedef {{ problem: string | undefined, body: any }} Verdict */

const MEMBERS = {
  v0: ['detail', 'status_code', 'extra', 'error_id', 'correlation_id', 'link', 'message'],
  v1: ['error_id', 'correlation_id', 'link', 'message'],
  oauth: ['error', 'error_description', 'error_uri', 'error_id', 'correlation_id'],
}
const TOKEN_MEMBERS = ['access_token', 'token_type', 'expires_in', 'scope']
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const WORDS = new Map([
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
])

/**
 * Compares an answer with the one that is right.
 *
 * @param {Answer} answer
 * @param {Want} want
 * @returns {Verdict} `problem` never holds anything of a body but an error id.
 */
export function compare(answer, want) {
  const body = parse(answer.body)
  const { headers } = answer
  const problem = () => {
    if (answer.status !== want.status) return `status ${answer.status} ${readId(body)}`
    if (headers['content-type'] !== 'application/json') return 'the content type'
    if (headers['cache-control'] !== 'no-store') return 'Cache-Control'
    if (!uuid.test(headers['x-correlation-id'] ?? '')) return 'X-Correlation-ID'
    if (want.id !== undefined) return errorProblem(headers, body, want, want.id)
    if (want.token !== undefined) return tokenProblem(body, want.token)
    return isDeepStrictEqual(body, want.active ?? { active: false }) ? undefined : 'what introspection says'
  }
  return { problem: body === undefined ? 'a body that is not JSON' : problem(), body }
}

/** Whether the service said that it has too much to do, in its own words. @param {Answer} answer */
export function isShed({ status, headers, body }) {
  return status === 503 && readId(parse(body)) === 'ih1003' && /^\d+$/.test(headers['retry-after'] ?? '')
}

/** The error id of a body, or nothing. @param {any} body @returns {string} */
export function readId(body) {
  const id = body?.error_id
  return typeof id === 'string' && /^i[ah]\d{4}$/.test(id) ? id : ''
}

/** @param {string} text @returns {any} */
export function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** @param {Readonly<Record<string, string>>} headers @param {any} body @param {Want} want @param {string} id */
function errorProblem(headers, body, want, id) {
  const dialect = want.dialect ?? 'v1'
  if (!isDeepStrictEqual(Object.keys(body), MEMBERS[dialect])) return 'the members of the body'
  if (body.error_id !== id) return `status ${want.status} ${readId(body)}`
  if (body.correlation_id !== headers['x-correlation-id']) return 'the correlation id in the body'
  const [message, link] =
    dialect === 'oauth' ? [body.error_description, body.error_uri] : [body.message, body.link]
  if (!String(link).includes(`#${id}-`)) return 'the link'
  if (!String(message).includes(WORDS.get(want.status) ?? '')) return 'the message'
  if (dialect === 'oauth' && body.error !== want.word) return 'the word of OAuth'
  if (dialect === 'v0' && (body.detail !== body.message || body.status_code !== want.status)) return 'detail'
  if (dialect === 'v0' && !isDeepStrictEqual(Object.keys(body.extra), want.fields ?? [])) return 'extra'
  if (!(headers['www-authenticate'] ?? '').startsWith(want.challenge ?? '')) return 'the challenge'
  if (want.challenge === undefined && 'www-authenticate' in headers) return 'a challenge where none belongs'
  if (headers.allow !== want.allow) return 'Allow'
  return undefined
}

/** @param {any} body @param {{ keyId: string, scope: string }} token */
function tokenProblem(body, { keyId, scope }) {
  if (!isDeepStrictEqual(Object.keys(body), TOKEN_MEMBERS)) return 'the members of the token response'
  if (body.token_type !== 'Bearer' || body.expires_in !== 900 || body.scope !== scope)
    return 'the token response'
  const claims = readClaims(body.access_token)
  if (claims === undefined) return 'a token that cannot be read'
  const { sub, client_id, exp, iat } = claims
  if (sub !== keyId || client_id !== keyId) return 'a token of another key'
  if (claims.scope !== scope) return 'the scope in the token'
  if (exp - iat !== 900 || Math.abs(iat - Date.now() / 1000) > 5) return 'the times in the token'
  return undefined
}

/** The claims of a token, not verified. @param {unknown} token @returns {any} */
export function readClaims(token) {
  const [, payload = ''] = String(token).split('.')
  return parse(Buffer.from(payload, 'base64url').toString())
}
