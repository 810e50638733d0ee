import { expect, test } from 'vitest'
import { formatServerMetadata } from '../src/server-metadata.ts'

test('the metadata names the issuer letter for letter, and every address below it (RFC 8414 section 2)', () => {
  expect(formatServerMetadata('https://auth.test/a')).toEqual({
    issuer: 'https://auth.test/a',
    token_endpoint: 'https://auth.test/a/oauth2/token',
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    jwks_uri: 'https://auth.test/a/.well-known/jwks.json',
    scopes_supported: ['interhumanai.upload', 'interhumanai.stream'],
    response_types_supported: [],
    grant_types_supported: ['client_credentials'],
    revocation_endpoint: 'https://auth.test/a/oauth2/revoke',
    revocation_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    introspection_endpoint: 'https://auth.test/a/oauth2/introspect',
    introspection_endpoint_auth_methods_supported: ['Bearer'],
  })
})
