// oidc-provider with its memory adapter: client_credentials for a JWT access token, signed with the algorithm of the run.
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
// @ts-expect-error the package has no types of its own
import Provider from 'oidc-provider'
import { PEER_CLIENT } from './keys.mjs'

const issuer = 'http://127.0.0.1:4747'
const audience = 'https://api.example'
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: PEER_CLIENT.id,
      client_secret: PEER_CLIENT.secret,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      token_endpoint_auth_method: 'client_secret_post',
      id_token_signed_response_alg: 'ES256',
    },
  ],
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'bench' }] },
  scopes: ['interhumanai.upload'],
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => audience,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: 'interhumanai.upload',
        audience,
        accessTokenTTL: 900,
        accessTokenFormat: 'jwt',
        jwt: {
          sign: process.env.ALGORITHM === 'HS256' ? { alg: 'HS256', key: randomBytes(32) } : { alg: 'ES256' },
        },
      }),
    },
  },
})

const server = createServer(provider.callback())
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  process.stderr.write(`{"event":"listening","url":"http://127.0.0.1:${port}"}\n`)
})
process.once('SIGTERM', () => process.exit(0))
