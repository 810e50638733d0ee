import { forgeries } from './forged.mjs'
import { malformedRequests } from './malformed.mjs'
import { EXCHANGES, exchangeOf, introspectionOf, STREAM, UPLOAD } from './requests.mjs'

/** @typedef {import('./expect.mjs').Want} Want */
/** @typedef {import('./world.mjs').World} World */
/** @typedef {import('./requests.mjs').Key} Key */
/** @typedef {import('./requests.mjs').Exchange} Exchange */
/** @typedef {{ token: string, claims: any }} LiveToken */
/** @typedef {{ kind: string, node: number, request: import('./requests.mjs').RawRequest, want: Want, way?: import('./subjects.mjs').Way }} Draw A request to a node, with the answer that is right; `way` where that changes meanwhile. */
/** @typedef {{ world: World, random: import('./random.mjs').Random, live: readonly LiveToken[], drawChanging: () => Made | undefined }} Source */

const SCOPES = [UPLOAD, STREAM, `${UPLOAD} ${STREAM}`, `${STREAM} ${UPLOAD}`]

/** Of a hundred requests, how many are of a kind. */
const SHARES = {
  'good key': 36,
  'token introspected': 12,
  'key introspected': 2,
  'key that is changed': 12,
  'older secret, in its overlap': 3,
  'older secret, after it': 3,
  'wrong secret': 4,
  'unknown key': 2,
  'expired key': 3,
  'disabled key': 1,
  'revoked key': 3,
  'scope not held': 4,
  'forged token': 5,
  'token of a key ended early': 2,
  'revoked verifier': 1,
  malformed: 7,
}

/** @typedef {keyof typeof SHARES} Kind */

/** @param {Exchange} exchange @returns {'v0' | 'v1' | 'oauth'} */
const dialectOf = (exchange) => (exchange === 'v0' || exchange === 'v1' ? exchange : 'oauth')

/** The answer to a key that does not authenticate. @param {Exchange} exchange @returns {Want} */
export function refusedKey(exchange) {
  const dialect = dialectOf(exchange)
  const oauth = dialect === 'oauth' ? { word: 'invalid_client', challenge: 'Basic ' } : {}
  return { status: 401, id: 'ih2001', dialect, ...oauth }
}

/** The answer to a key that lacks a scope. @param {Exchange} exchange @returns {Want} */
export function refusedScope(exchange) {
  const dialect = dialectOf(exchange)
  if (dialect === 'oauth') return { status: 400, id: 'ia9036', dialect, word: 'invalid_scope' }
  return { status: 403, id: 'ih2003', dialect }
}

/** What introspection says of a good access token. @param {any} claims @returns {Want} */
export const activeToken = (claims) => ({
  status: 200,
  active: { active: true, token_type: 'Bearer', ...claims },
})

/** @type {Want} */
export const INACTIVE = { status: 200, active: null }

/**
 * Draws requests at random, of each kind its share.
 *
 * @param {Source} source
 * @returns {() => Draw}
 */
export function createDraw(source) {
  const { random, world } = source
  const kinds = makers(source)
  const table = Object.entries(SHARES).flatMap(([kind, share]) => Array.from({ length: share }, () => kind))
  return () => {
    const node = random.below(world.nodes.length)
    for (;;) {
      const kind = /** @type {Kind} */ (random.of(table))
      const drawn = kinds[kind]()
      // At the very beginning there is no token to ask about, and no key that is changed.
      if (drawn !== undefined) return { kind, node, ...drawn }
    }
  }
}

/** @typedef {Omit<Draw, 'kind' | 'node'> & { kind?: string, node?: number }} Made */

/** @param {Source} source @returns {Record<Kind, () => Made | undefined>} */
function makers({ world, random, live, drawChanging }) {
  const { keys, verifier } = world
  const forged = forgeries(world.publicKey)
  const malformed = keys.good.slice(0, 20).flatMap((key) => malformedRequests(key, verifier))
  /** @param {readonly Key[]} list @param {(exchange: Exchange) => Want} want */
  const refused = (list, want, scopes = SCOPES) => {
    const [key, exchange] = [random.of(list), random.of(EXCHANGES)]
    return { request: exchangeOf(exchange, key.keyId, key.secret, random.of(scopes)), want: want(exchange) }
  }
  /** @param {string} keyId @param {string} secret @returns {Made} */
  const good = (keyId, secret) => {
    const scope = random.of(SCOPES)
    const request = exchangeOf(random.of(EXCHANGES), keyId, secret, scope)
    return { request, want: { status: 200, token: { keyId, scope } } }
  }
  const asked = (/** @type {string} */ token, /** @type {Want} */ want, by = verifier) => ({
    request: introspectionOf(by, token),
    want,
  })
  const fresh = () => {
    if (live.length === 0) return undefined
    const one = random.of(live)
    return one.claims.exp - Date.now() / 1000 > 60 ? one : undefined
  }
  return {
    'good key'() {
      const { keyId, secret } = random.of(keys.good)
      return good(keyId, secret)
    },
    'token introspected'() {
      const one = fresh()
      return one && asked(one.token, activeToken(one.claims))
    },
    'key introspected'() {
      const [direct, plain] = [random.of(keys.direct), random.of(keys.good)]
      // Its secret is good, but nobody said that it may be used so.
      if (random.share() < 0.5) return asked(plain.secret, INACTIVE)
      return asked(direct.secret, { status: 200, active: world.directView[direct.keyId] ?? null })
    },
    'key that is changed': drawChanging,
    'older secret, in its overlap'() {
      const { keyId, older } = random.of(keys.overlapping)
      return good(keyId, older)
    },
    'older secret, after it': () =>
      refused(
        keys.rotated.map(({ keyId, older }) => ({ keyId, secret: older, older })),
        refusedKey,
      ),
    'wrong secret'() {
      const { keyId } = random.of(keys.good)
      const { keyId: otherId, secret } = random.of(keys.direct)
      return refused([{ keyId: keyId === otherId ? 'ihk_LEAK' : keyId, secret, older: '' }], refusedKey)
    },
    'unknown key'() {
      const keyId = `ihk_${String(random.below(1e9)).padStart(20, '0')}`
      return refused([{ keyId, secret: random.of(keys.good).secret, older: '' }], refusedKey)
    },
    'expired key': () => refused(keys.expired, refusedKey),
    'disabled key': () => refused(keys.disabled, refusedKey),
    'revoked key': () => refused(keys.revoked, refusedKey),
    'scope not held': () => refused(keys.uploadOnly, refusedScope, SCOPES.slice(1)),
    'forged token'() {
      const one = fresh()
      return one && asked(random.of(forged)(one.token), INACTIVE)
    },
    'token of a key ended early': () => asked(random.of(world.deadTokens), INACTIVE),
    'revoked verifier'() {
      const word = { word: 'invalid_token', challenge: 'Bearer error="invalid_token"' }
      const want = /** @type {Want} */ ({ status: 401, id: 'ih2001', dialect: 'oauth', ...word })
      return asked(live.length > 0 ? random.of(live).token : 'LEAK', want, world.revokedVerifier)
    },
    malformed: () => random.of(malformed),
  }
}
