// The floor: bare node:http that parses the body, hashes once, signs the same token and answers. With LAYERS it puts on what
// the service has, one library after the other, so that the cost of each can be read off.
import { createHmac, createPrivateKey, createSecretKey, hash, randomUUID, sign } from 'node:crypto'
import { createServer } from 'node:http'

const layers = new Set((process.env.LAYERS ?? '').split(',').filter(Boolean))
const hs256 = process.env.ALGORITHM === 'HS256'
const issuer = 'http://127.0.0.1:4747'

const key = hs256
  ? createSecretKey(Buffer.alloc(32, 7))
  : createPrivateKey({
      key: {
        kty: 'EC',
        crv: 'P-256',
        // The example key of RFC 7515, appendix A.3.
        x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
        y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
        d: 'jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI',
      },
      format: 'jwk',
    })
const encode = (/** @type {object} */ value) => Buffer.from(JSON.stringify(value)).toString('base64url')
const header = encode({
  alg: hs256 ? 'HS256' : 'ES256',
  typ: 'at+jwt',
  kid: 'yuAGWUhhiG3q2Fdl9lEGFZb-DmDmSZeEb6Gop9ZuWOU',
})

/** @param {string} input */
function signEs256(input) {
  const bytes = Buffer.from(input)
  if (!layers.has('key-object')) return sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' })
  // As the service does it: the key object itself, and the two integers taken out of the DER form.
  const der = sign('sha256', bytes, key)
  const end = 4 + (der[3] ?? 0)
  const [r, s] = [der.subarray(4, end).subarray(-32), der.subarray(end + 2).subarray(-32)]
  const raw = Buffer.alloc(64)
  raw.set(r, 32 - r.length)
  raw.set(s, 64 - s.length)
  return raw
}

/** @param {string} keyId @param {string} scope */
function issue(keyId, scope) {
  const iat = Math.floor(Date.now() / 1000)
  const claims = {
    iss: issuer,
    sub: keyId,
    aud: issuer,
    exp: iat + 900,
    iat,
    jti: randomUUID(),
    client_id: keyId,
    scope,
    gen: 1,
  }
  const input = `${header}.${encode(claims)}`
  const signature = hs256
    ? createHmac('sha256', key).update(input).digest('base64url')
    : signEs256(input).toString('base64url')
  return JSON.stringify({
    access_token: `${input}.${signature}`,
    token_type: 'Bearer',
    expires_in: 900,
    scope,
  })
}

/** @type {(keyId: string) => unknown} */
let lookUp = () => undefined
if (layers.has('sqlite')) {
  const { default: Database } = await import('better-sqlite3')
  const db = new Database(process.env.DATABASE ?? '', { readonly: true })
  db.pragma('cache_size = -16384')
  const statement = db.prepare(
    'select scopes, state, generation, expires_at, secret_hash from api_keys where key_id = ?',
  )
  lookUp = (keyId) => statement.get(keyId)
}

/** @type {(record: object) => void} */
let log = () => {}
if (layers.has('pino')) {
  const { pino, destination } = await import('pino')
  const logger = pino({ base: null }, destination({ dest: '/dev/null', sync: false, minLength: 4096 }))
  log = (record) => logger.info(record)
}

/** @param {Buffer} bytes */
function answer(bytes) {
  const { key_id, key_secret, scopes } = JSON.parse(bytes.toString())
  hash('sha256', key_secret, 'buffer')
  lookUp(key_id)
  const body = issue(key_id, scopes.join(' '))
  if (layers.has('pino'))
    log({ method: 'POST', route: '/v0/auth', status: 200, correlation_id: randomUUID(), key_id, ms: 0.1 })
  return body
}

if (layers.has('fastify')) {
  const { fastify } = await import('fastify')
  const app = fastify({ bodyLimit: 16_384, logger: false })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (/** @type {unknown} */ _request, /** @type {Buffer} */ bytes) => bytes,
  )
  app.post('/v0/auth', async (request, reply) => {
    reply.header('Content-Type', 'application/json').header('Cache-Control', 'no-store')
    return answer(/** @type {Buffer} */ (request.body))
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  listening(app.server)
} else {
  const server = createServer((request, response) => {
    /** @type {Buffer[]} */
    const chunks = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      const body = answer(Buffer.concat(chunks))
      response.writeHead(200, {
        'Content-Type': 'application/json',
        'Cache-Control': 'no-store',
        'Content-Length': Buffer.byteLength(body),
      })
      response.end(body)
    })
  })
  server.listen(0, '127.0.0.1', () => listening(server))
}

/** @param {import('node:http').Server} server */
function listening(server) {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  process.stderr.write(`${JSON.stringify({ event: 'listening', url: `http://127.0.0.1:${port}` })}\n`)
}
