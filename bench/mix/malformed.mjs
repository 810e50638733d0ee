import {
  basic,
  bearer,
  exchangeOf,
  get,
  introspectionOf,
  post,
  postForm,
  postJson,
  UPLOAD,
} from './requests.mjs'

/** @typedef {{ request: import('./requests.mjs').RawRequest, want: import('./expect.mjs').Want }} Malformed */

const FORM = 'application/x-www-form-urlencoded'
const TOO_LARGE = 'A'.repeat(17_000)
const DISJOINT = { a: 'LEAK', b: 'LEAK' }

/**
 * Requests that are malformed, each with the one answer that is right. Those of them that could have a credential have a
 * good one, so that it is what is malformed that they are refused for.
 *
 * @param {import('./requests.mjs').Key} key
 * @param {string} verifier
 * @returns {readonly Malformed[]}
 */
export const malformedRequests = (key, verifier) => [
  ...['v0', 'v1'].flatMap((version) => malformedExchanges(/** @type {'v0' | 'v1'} */ (version), key)),
  ...malformedForms(key),
  ...malformedIntrospections(verifier),
]

/** @param {'v0' | 'v1'} version @param {import('./requests.mjs').Key} key @returns {Malformed[]} */
function malformedExchanges(version, { keyId, secret }) {
  const path = `/${version}/auth`
  const whole = { key_id: keyId, key_secret: secret, scopes: [UPLOAD] }
  const text = JSON.stringify(whole)
  /** @param {number} status @param {string} id @param {object} [rest] */
  const want = (status, id, rest = {}) => ({ status, id, dialect: version, ...rest })
  const field = (/** @type {object} */ other, /** @type {string} */ name) => ({
    request: postJson(path, { ...whole, ...other }),
    want: want(422, 'ia9008', { fields: [name] }),
  })
  const absent = (/** @type {object} */ other, /** @type {string} */ id) => ({
    request: postJson(path, { ...whole, ...other }),
    want: want(400, id),
  })
  return [
    { request: post(path, 'application/json', text.slice(0, -1)), want: want(400, 'ia9001') },
    { request: post(path, 'application/json', ''), want: want(400, 'ia9001') },
    { request: post(path, 'application/json', `{"key_id":"\xff"}`), want: want(400, 'ia9001') },
    { request: postJson(path, [whole]), want: want(400, 'ia9002') },
    { request: postJson(path, null), want: want(400, 'ia9002') },
    { request: post(path, 'text/plain', text), want: want(400, 'ia9003') },
    { request: post(path, '', text), want: want(400, 'ia9003') },
    { request: post(path, FORM, new URLSearchParams(DISJOINT).toString()), want: want(400, 'ia9003') },
    absent({ key_id: undefined }, 'ia9004'),
    absent({ key_secret: undefined }, 'ih2005'),
    absent({ scopes: undefined }, 'ia9005'),
    field({ key_id: 7 }, 'key_id'),
    field({ key_secret: '' }, 'key_secret'),
    field({ scopes: [] }, 'scopes'),
    field({ scopes: UPLOAD }, 'scopes'),
    field({ scopes: [UPLOAD, 'interhumanai.nothing'] }, 'scopes[1]'),
    { request: postJson(path, { ...whole, more: TOO_LARGE }), want: want(413, 'ia9012') },
    { request: postJson(`${path}?key_id=LEAK`, whole), want: want(400, 'ia9006') },
    { request: get(path), want: want(405, 'ia9010', { allow: 'POST' }) },
    { request: postJson(`${path}/more`, whole), want: want(404, 'ia9009') },
    {
      request: post(path, 'application/json', text, 'Transfer-Encoding: gzip\r\n'),
      want: want(400, 'ia9007'),
    },
  ]
}

/** @param {import('./requests.mjs').Key} key @returns {Malformed[]} */
function malformedForms({ keyId, secret }) {
  const path = '/oauth2/token'
  const whole = {
    grant_type: 'client_credentials',
    scope: UPLOAD,
    client_id: keyId,
    client_secret: secret,
  }
  const { body } = postForm(path, whole)
  /** @param {string} id @param {string} [word] @returns {import('./expect.mjs').Want} */
  const want = (id, word = 'invalid_request') => ({ status: 400, id, dialect: 'oauth', word })
  const without = (/** @type {string} */ name) =>
    postForm(path, Object.fromEntries(Object.entries(whole).filter(([other]) => other !== name)))
  /** @type {import('./expect.mjs').Want} */
  const noClient = {
    status: 401,
    id: 'ih2002',
    dialect: 'oauth',
    word: 'invalid_client',
    challenge: 'Basic ',
  }
  return [
    { request: postJson(path, whole), want: want('ia9030') },
    { request: post(path, FORM, `${body}&more=%zz`), want: want('ia9031') },
    { request: post(path, FORM, `${body}&more=%ff`), want: want('ia9031') },
    ...Object.keys(whole).map((name) => ({
      request: post(path, FORM, `${body}&${name}=LEAK`),
      want: want('ia9032'),
    })),
    { request: post(`${path}?scope=${UPLOAD}`, FORM, body), want: want('ia9032') },
    { request: without('grant_type'), want: want('ia9033') },
    {
      request: postForm(path, { ...whole, grant_type: 'password' }),
      want: want('ia9034', 'unsupported_grant_type'),
    },
    { request: post(path, FORM, body, basic(keyId, secret)), want: want('ia9035') },
    { request: without('scope'), want: want('ia9036', 'invalid_scope') },
    {
      request: exchangeOf('post', keyId, secret, `${UPLOAD}  ${UPLOAD}`),
      want: want('ia9036', 'invalid_scope'),
    },
    { request: exchangeOf('basic', keyId, secret, 'LEAK'), want: want('ia9036', 'invalid_scope') },
    { request: without('client_id'), want: noClient },
    { request: without('client_secret'), want: noClient },
    { request: post(path, FORM, `${body}&more=${TOO_LARGE}`), want: { ...want('ia9012'), status: 413 } },
    { request: postForm(`${path}?client_secret=LEAK`, whole), want: want('ia9006') },
    { request: get(path), want: { ...want('ia9010'), status: 405, allow: 'POST' } },
  ]
}

/** @param {string} verifier @returns {Malformed[]} */
function malformedIntrospections(verifier) {
  const path = '/oauth2/introspect'
  const asked = bearer(verifier)
  /** @param {number} status @param {string} id @returns {import('./expect.mjs').Want} */
  const want = (status, id) => ({ status, id, dialect: 'oauth', word: 'invalid_request' })
  return [
    { request: postForm(path, { token_type_hint: 'access_token' }, asked), want: want(400, 'ia9033') },
    { request: post(path, FORM, 'token=LEAK&token=LEAK', asked), want: want(400, 'ia9032') },
    { request: post(path, FORM, 'token=%', asked), want: want(400, 'ia9031') },
    { request: postJson(path, { token: 'LEAK' }, asked), want: want(400, 'ia9030') },
    { request: postForm(path, { token: TOO_LARGE }, asked), want: want(413, 'ia9012') },
    {
      request: postForm(path, { token: 'LEAK' }),
      want: { ...want(401, 'ih2002'), word: 'invalid_token', challenge: 'Bearer' },
    },
    {
      request: introspectionOf('ihv_LEAK', 'LEAK'),
      want: { ...want(401, 'ih2001'), word: 'invalid_token', challenge: 'Bearer error="invalid_token"' },
    },
  ]
}
