import * as client from 'openid-client'

// The same token by a client of OAuth 2 that knows nothing of us. ISSUER is the issuer of the service: everything else is
// found from there. Plain http is for trying out on one's own machine.

const { INTERHUMAN_KEY_ID = '', INTERHUMAN_KEY_SECRET, ISSUER = 'http://127.0.0.1:4747' } = process.env
const local = ISSUER.startsWith('http://127.0.0.1:')
const authentication = client.ClientSecretBasic(INTERHUMAN_KEY_SECRET)

const config = await client.discovery(new URL(ISSUER), INTERHUMAN_KEY_ID, undefined, authentication, {
  algorithm: 'oauth2',
  execute: local ? [client.allowInsecureRequests] : [],
})
const { access_token, expires_in } = await client.clientCredentialsGrant(config, {
  scope: 'interhumanai.upload',
})
console.log(`a token of ${access_token.length} characters for ${expires_in} seconds`)
await client.tokenRevocation(config, access_token)
