/** @typedef {{ head: string, body: string }} RawRequest A request as bytes in latin1; the head lacks its last, empty line. */
/** @typedef {{ keyId: string, secret: string, older: string }} Key `older` is the secret before a rotation, or empty. */

export const UPLOAD = 'interhumanai.upload'
export const STREAM = 'interhumanai.stream'

const FORM = 'application/x-www-form-urlencoded'

/**
 * @param {string} path
 * @param {string} type empty for no content type
 * @param {string} body
 * @param {string} headers lines, each with its end
 * @returns {RawRequest}
 */
export function post(path, type, body, headers = '') {
  const typeLine = type === '' ? '' : `Content-Type: ${type}\r\n`
  return {
    head: `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${typeLine}Content-Length: ${body.length}\r\n${headers}`,
    body,
  }
}

/** @param {string} path @param {unknown} value @param {string} headers */
export const postJson = (path, value, headers = '') =>
  post(path, 'application/json', JSON.stringify(value), headers)

/** @param {string} path @param {Readonly<Record<string, string>>} parameters @param {string} headers */
export const postForm = (path, parameters, headers = '') =>
  post(path, FORM, new URLSearchParams(parameters).toString(), headers)

/** @param {string} path @returns {RawRequest} */
export const get = (path) => ({ head: `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n`, body: '' })

/** @param {string} credential */
export const bearer = (credential) => `Authorization: Bearer ${credential}\r\n`

/** @param {string} keyId @param {string} secret */
export const basic = (keyId, secret) =>
  `Authorization: Basic ${Buffer.from(`${keyId}:${secret}`).toString('base64')}\r\n`

/** The three ways to exchange a key, the standard one with both ways to authenticate. */
export const EXCHANGES = /** @type {const} */ (['v0', 'v1', 'post', 'basic'])

/** @typedef {typeof EXCHANGES[number]} Exchange */

/**
 * @param {Exchange} exchange
 * @param {string} keyId
 * @param {string} secret
 * @param {string} scope separated by spaces
 */
export function exchangeOf(exchange, keyId, secret, scope) {
  if (exchange === 'v0' || exchange === 'v1')
    return postJson(`/${exchange}/auth`, { key_id: keyId, key_secret: secret, scopes: scope.split(' ') })
  const form = { grant_type: 'client_credentials', scope }
  if (exchange === 'basic') return postForm('/oauth2/token', form, basic(keyId, secret))
  return postForm('/oauth2/token', { ...form, client_id: keyId, client_secret: secret })
}

/** @param {string} verifier @param {string} token */
export const introspectionOf = (verifier, token) =>
  postForm('/oauth2/introspect', { token }, bearer(verifier))
