// The floor of introspection: bare node:http that parses the form, hashes the verifier's credential once, checks the signature
// of the token and answers with its claims.
import { createPublicKey, hash, timingSafeEqual, verify } from 'node:crypto'
import { createServer } from 'node:http'

const credential = Buffer.from(process.env.CREDENTIAL_HASH ?? '', 'hex')
const { keys } = JSON.parse(process.env.KEY_SET ?? '{"keys":[]}')
const publicKeys = new Map(
  keys.map((/** @type {import('node:crypto').JsonWebKey & { kid: string }} */ jwk) => [
    jwk.kid,
    createPublicKey({ key: jwk, format: 'jwk' }),
  ]),
)
const decode = (/** @type {string} */ part) => JSON.parse(Buffer.from(part, 'base64url').toString())

/** @param {import('node:http').IncomingMessage} request @param {string} form */
function answer(request, form) {
  const bearer = request.headers.authorization?.slice('Bearer '.length) ?? ''
  if (!timingSafeEqual(hash('sha256', bearer, 'buffer'), credential)) return '{}'
  const token = new URLSearchParams(form).get('token') ?? ''
  const [header = '', claims = '', signature = ''] = token.split('.')
  const key = publicKeys.get(decode(header).kid)
  const isGood = verify(
    'sha256',
    Buffer.from(`${header}.${claims}`),
    { key, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  )
  if (!isGood) return '{"active":false}'
  return JSON.stringify({ active: true, token_type: 'Bearer', ...decode(claims) })
}

const server = createServer((request, response) => {
  /** @type {Buffer[]} */
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const body = answer(request, Buffer.concat(chunks).toString())
    response.writeHead(200, {
      'Content-Type': 'application/json',
      'Cache-Control': 'no-store',
      'Content-Length': Buffer.byteLength(body),
    })
    response.end(body)
  })
})
server.listen(0, '127.0.0.1', () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  process.stderr.write(`${JSON.stringify({ event: 'listening', url: `http://127.0.0.1:${port}` })}\n`)
})
