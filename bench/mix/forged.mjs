import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { readClaims } from './expect.mjs'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** @param {unknown} value */
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Replaces one character by the one that differs from it in the bits of `mask`. @param {string} text @param {number} at @param {number} mask */
function turn(text, at, mask) {
  const place = text.length + at
  const other = ALPHABET[ALPHABET.indexOf(text[place] ?? 'A') ^ mask]
  return text.slice(0, place) + other + text.slice(place + 1)
}

/**
 * What whoever has one good token and the public key set could make of them. All of it must be told to be nothing.
 *
 * @param {string} publicKey the published key, as it stands in the key set
 * @returns {readonly ((token: string) => string)[]}
 */
export function forgeries(publicKey) {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const foreign = (/** @type {string} */ text) =>
    `${text}.${sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
  const parts = (/** @type {string} */ token) => /** @type {[string, string, string]} */ (token.split('.'))
  const headerOf = (/** @type {string} */ token) =>
    JSON.parse(Buffer.from(parts(token)[0], 'base64url').toString())
  const withClaims = (/** @type {string} */ token, /** @type {object} */ other) =>
    encode({ ...readClaims(token), ...other })
  return [
    (token) => turn(token, -20, 1),
    // The last character of a signature has four bits that mean nothing.
    (token) => turn(token, -1, 1),
    (token) =>
      `${parts(token)[0]}.${withClaims(token, { scope: 'interhumanai.upload interhumanai.stream', gen: 99 })}.${parts(token)[2]}`,
    (token) => `${encode({ ...headerOf(token), alg: 'none' })}.${parts(token)[1]}.`,
    (token) => `${parts(token)[0]}.${parts(token)[1]}.`,
    (token) => foreign(`${parts(token)[0]}.${parts(token)[1]}`),
    (token) => foreign(`${parts(token)[0]}.${withClaims(token, { exp: 4_102_444_800 })}`),
    (token) => foreign(`${encode({ ...headerOf(token), kid: 'LEAK-of-nobody' })}.${parts(token)[1]}`),
    (token) => foreign(`${encode({ ...headerOf(token), jku: 'http://127.0.0.1:9/' })}.${parts(token)[1]}`),
    (token) => {
      const text = `${encode({ ...headerOf(token), alg: 'HS256' })}.${parts(token)[1]}`
      return `${text}.${createHmac('sha256', publicKey).update(text).digest('base64url')}`
    },
    (token) => `${token}.${parts(token)[2]}`,
    (token) => token.slice(0, -1),
    (token) => `${token}=`,
    (token) => `${token}${'A'.repeat(9000)}`,
    () => 'LEAK-what-is-no-token',
  ]
}
