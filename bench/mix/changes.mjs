import { parse, readClaims } from './expect.mjs'
import { activeToken, INACTIVE } from './kinds.mjs'
import { bearer, exchangeOf, introspectionOf, postJson, STREAM, UPLOAD } from './requests.mjs'
import { exchangeWays, tokenWay, untouched } from './subjects.mjs'

/** @typedef {import('./subjects.mjs').Way} Way */
/** @typedef {import('./subjects.mjs').Phase} Phase */
/** @typedef {import('./world.mjs').World} World */
/** @typedef {{ keyId: string, secret: string, token: string, claims: any, phase: Phase, ways: Way[], bornAt: number }} Subject */
/** @typedef {(port: number, request: import('./requests.mjs').RawRequest) => Promise<any>} Call Gives the body of a 200 or 201. */

/** The hard bound of a change on the other nodes, in milliseconds, and the one of 99 of 100. */
export const BOUND_MS = 1500
export const USUAL_BOUND_MS = 250

/** The times of keys are whole seconds. */
const SECOND_MS = 1000
const LATER_MS = 3000

const keyPath = (/** @type {Subject} */ { keyId }, rest = '') => `/admin/v1/keys/${keyId}${rest}`

/** Every change that ends something, and one that begins something. */
export const CHANGES = {
  revoke: change('refused', (subject) => post(keyPath(subject, '/revoke'), {})),
  disable: change('refused', (subject) => patch(keyPath(subject), { state: 'disabled' })),
  'expire now': change('refused', (subject) => post(keyPath(subject, '/expire'), {})),
  'expire later': {
    ...change('refused', (subject) =>
      patch(keyPath(subject), {
        expires_at: `${new Date(Date.now() + LATER_MS).toISOString().slice(0, 19)}Z`,
      }),
    ),
    laterMs: LATER_MS,
  },
  'take a scope away': change('lacks', (subject) => patch(keyPath(subject), { scopes: [UPLOAD] })),
  'rotate, no overlap': change('refused', (subject) =>
    post(keyPath(subject, '/rotate'), { overlap_seconds: 0 }),
  ),
  'rotate, short overlap': {
    ...change('refused', (subject) =>
      post(keyPath(subject, '/rotate'), { overlap_seconds: LATER_MS / 1000 }),
    ),
    laterMs: LATER_MS,
    tokenLives: true,
  },
  'revoke a client token': { ...change('works', revocation), onClientToken: true },
}

/** @typedef {keyof typeof CHANGES} ChangeName */
/** @typedef {{ becomes: 'refused' | 'lacks' | 'works', ask: (subject: Subject) => import('./requests.mjs').RawRequest, laterMs?: number, tokenLives?: boolean, onClientToken?: boolean }} ChangeKind */

/** @param {'refused' | 'lacks' | 'works'} becomes @param {ChangeKind['ask']} ask @returns {ChangeKind} */
function change(becomes, ask) {
  return { becomes, ask }
}

/** @param {string} path @param {object} body */
function post(path, body) {
  return postJson(path, body)
}

/** @param {string} path @param {object} body */
function patch(path, body) {
  const request = postJson(path, body)
  return { ...request, head: request.head.replace(/^POST/, 'PATCH') }
}

/** By the key itself, as a backend does it. @param {Subject} subject */
function revocation({ keyId, secret, token }) {
  return postJson('/v1/client_tokens/revoke', { key_id: keyId, key_secret: secret, token })
}

/**
 * Makes a key through one node, gives it its token, and says how it can be asked for. It works at once on every node.
 *
 * @param {World} world
 * @param {Call} call
 * @param {ChangeKind} kind
 * @param {number} node
 * @returns {Promise<Subject>}
 */
export async function createSubject(world, call, kind, node) {
  const { port, adminPort } = world.nodes[node] ?? { port: 0, adminPort: 0 }
  const scopes = [UPLOAD, STREAM]
  const made = await call(adminPort, asAdmin(world, postJson('/admin/v1/keys', { name: 'mix', scopes })))
  const [keyId, secret] = [String(made.key_id), String(made.key_secret)]
  const asked = { key_id: keyId, key_secret: secret, scopes, expires_in: 600 }
  const exchange = kind.onClientToken
    ? postJson('/v1/client_tokens', asked)
    : exchangeOf('v1', keyId, secret, scopes.join(' '))
  const token = String((await call(port, exchange)).access_token)
  const claims = readClaims(token)
  const phase = untouched(world.nodes.length)
  const ways = [tokenWay(world.verifier, token, claims, kind.tokenLives !== true, phase)]
  if (kind.becomes !== 'works') ways.push(...exchangeWays({ keyId, secret }, 'works', kind.becomes, phase))
  return { keyId, secret, token, claims, phase, ways, bornAt: performance.now() }
}

/**
 * Makes the change of a subject through one node, and notes when it counts on each.
 *
 * @param {World} world
 * @param {Call} call
 * @param {ChangeKind} kind
 * @param {number} node
 * @param {Subject} subject
 */
export async function changeSubject(world, call, kind, node, subject) {
  const { phase } = subject
  const { port, adminPort } = world.nodes[node] ?? { port: 0, adminPort: 0 }
  phase.sentAt = performance.now()
  phase.madeOn = node
  const later = kind.laterMs ?? 0
  phase.oldUntil = phase.sentAt + Math.max(0, later - 2 * SECOND_MS)
  const request = kind.ask(subject)
  const body = await (kind.onClientToken ? call(port, request) : call(adminPort, asAdmin(world, request)))
  phase.acknowledgedAt = performance.now()
  const flips = later === 0 ? 0 : later + SECOND_MS
  phase.newFrom = phase.newFrom.map(
    (_, index) => phase.acknowledgedAt + (index === node || later > 0 ? flips : BOUND_MS),
  )
  const secret = body.key_secret
  if (typeof secret !== 'string') return
  // On the node that gave it the new secret works at once.
  const given = { ...phase, lag: 0, oldUntil: phase.sentAt, newFrom: phase.newFrom.slice() }
  given.newFrom = given.newFrom.map((_, index) => phase.acknowledgedAt + (index === node ? 0 : BOUND_MS))
  subject.ways.push(...exchangeWays({ keyId: subject.keyId, secret }, 'refused', 'works', given))
}

/** @param {World} world @param {import('./requests.mjs').RawRequest} request */
function asAdmin({ adminToken }, request) {
  return { ...request, head: request.head + bearer(adminToken) }
}

/**
 * Client tokens whose time ends while the mix goes on.
 *
 * @param {World} world
 * @returns {Way[]}
 */
export function expiringWays(world) {
  return world.clientTokens.map((token) => {
    const claims = readClaims(token)
    const endsAt = performance.now() + claims.exp * 1000 - Date.now()
    const phase = {
      ...untouched(world.nodes.length),
      oldUntil: endsAt - SECOND_MS,
      newFrom: world.nodes.map(() => endsAt + SECOND_MS),
    }
    return {
      request: introspectionOf(world.verifier, token),
      want: activeToken(claims),
      became: INACTIVE,
      phase,
    }
  })
}

/** What an answer of 200 or 201 says. @param {import('./expect.mjs').Answer} answer */
export function readDone(answer) {
  if (answer.status !== 200 && answer.status !== 201)
    throw new Error(`a change was answered with ${answer.status}`)
  return parse(answer.body)
}
