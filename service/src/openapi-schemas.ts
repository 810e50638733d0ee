import { ALGORITHMS, API_KEY_TOKEN_TYPE, ERROR_PAGE_PATH, TOKEN_TYPE } from '@interhuman-auth/protocol'
import { TOKEN_REQUEST_SCHEMA } from './auth-request.ts'
import { CLIENT_TOKEN_REQUEST_SCHEMA } from './client-token-request.ts'
import { CLIENT_TOKEN_REVOCATION_SCHEMA } from './client-token-revocation-request.ts'
import { INTROSPECTION_REQUEST_SCHEMA } from './introspection.ts'
import { OAUTH_REVOCATION_SCHEMA } from './oauth-revocation.ts'
import { OAUTH_TOKEN_REQUEST_SCHEMA } from './oauth-token-request.ts'
import type { ServerMetadata } from './server-metadata.ts'

/** A string of any form. */
export const TEXT = { type: 'string' } as const
const TEXTS = { type: 'array', items: TEXT } as const
const ADDRESS = { type: 'string', format: 'uri' } as const
/** A correlation id. */
export const UUID = { type: 'string', format: 'uuid' } as const

const ERROR_V1_PROPERTIES = {
  error_id: { type: 'string', description: `The error, as explained at \`${ERROR_PAGE_PATH}\`.` },
  correlation_id: UUID,
  link: ADDRESS,
  message: TEXT,
}

const { max_duration_seconds, max_bytes, max_concurrent, max_video_seconds, allowed_origins } =
  CLIENT_TOKEN_REQUEST_SCHEMA.properties
const CAPS = { max_duration_seconds, max_bytes, max_concurrent, max_video_seconds, allowed_origins }

const TOKEN_RESPONSE_PROPERTIES = {
  access_token: { type: 'string', description: 'Opaque to its holder.' },
  token_type: { const: TOKEN_TYPE },
  expires_in: { type: 'integer', description: 'Seconds from the answer on.' },
  scope: { type: 'string', description: 'The granted scopes, space-separated, in the order asked.' },
}

/** The schemas of the OpenAPI document, by name; those of requests are the ones that check them. */
export const SCHEMAS = {
  TokenRequest: TOKEN_REQUEST_SCHEMA,
  TokenResponse: closed(TOKEN_RESPONSE_PROPERTIES),
  ClientTokenRequest: CLIENT_TOKEN_REQUEST_SCHEMA,
  ClientTokenResponse: closed(
    {
      ...TOKEN_RESPONSE_PROPERTIES,
      token_id: { type: 'string', description: 'Names the token without being one; it is revoked by it.' },
      expires_at: { type: 'integer', description: 'Epoch seconds.' },
      ...CAPS,
    },
    Object.keys(CAPS).filter((name) => name !== 'max_concurrent'),
  ),
  ClientTokenRevocation: CLIENT_TOKEN_REVOCATION_SCHEMA,
  OAuthTokenRequest: OAUTH_TOKEN_REQUEST_SCHEMA,
  OAuthRevocation: OAUTH_REVOCATION_SCHEMA,
  IntrospectionRequest: INTROSPECTION_REQUEST_SCHEMA,
  Introspection: {
    oneOf: [
      closed({ active: { const: false } }),
      closed(
        {
          active: { const: true },
          token_type: {
            enum: [TOKEN_TYPE, API_KEY_TOKEN_TYPE],
            description: 'The second is of an API key in direct use. A client token has its caps beside it.',
          },
          scope: TEXT,
          client_id: TEXT,
          sub: TEXT,
          gen: { type: 'integer', description: 'The generation of the key. A token of a lower one is dead.' },
          iss: TEXT,
          aud: TEXT,
          exp: { type: 'integer', description: 'Epoch seconds.' },
          iat: { type: 'integer', description: 'Epoch seconds.' },
          jti: TEXT,
          ...CAPS,
        },
        ['exp', 'iat', 'jti', ...Object.keys(CAPS)],
      ),
    ],
  },
  ServerMetadata: closed({
    issuer: ADDRESS,
    token_endpoint: ADDRESS,
    token_endpoint_auth_methods_supported: TEXTS,
    jwks_uri: ADDRESS,
    scopes_supported: TEXTS,
    response_types_supported: TEXTS,
    grant_types_supported: TEXTS,
    revocation_endpoint: ADDRESS,
    revocation_endpoint_auth_methods_supported: TEXTS,
    introspection_endpoint: ADDRESS,
    introspection_endpoint_auth_methods_supported: TEXTS,
  } satisfies Record<keyof ServerMetadata, object>),
  Nothing: closed({}),
  ErrorV0: closed({
    detail: TEXT,
    status_code: { type: 'integer' },
    extra: {
      type: 'object',
      additionalProperties: TEXT,
      description: 'With a 422: what is wrong with which field.',
    },
    ...ERROR_V1_PROPERTIES,
  }),
  ErrorV1: closed(ERROR_V1_PROPERTIES),
  ErrorOAuth: closed({
    error: { type: 'string', description: 'The word of RFC 6749 section 5.2, RFC 6750 or RFC 7009.' },
    error_description: TEXT,
    error_uri: ADDRESS,
    error_id: ERROR_V1_PROPERTIES.error_id,
    correlation_id: UUID,
  }),
  KeySet: closed({ keys: { type: 'array', items: { $ref: '#/components/schemas/PublicKey' } } }),
  PublicKey: {
    type: 'object',
    required: ['kty', 'crv', 'alg', 'use', 'kid', 'x'],
    properties: {
      kty: { enum: ['EC', 'OKP'] },
      crv: { enum: ['P-256', 'Ed25519'] },
      alg: { enum: ALGORITHMS.filter((algorithm) => algorithm !== 'HS256') },
      use: { const: 'sig' },
      kid: TEXT,
      x: TEXT,
      y: TEXT,
    },
    additionalProperties: false,
  },
  Health: closed({ status: { const: 'ok' } }),
}

/** Describes an object with these members and no other. */
export function closed(
  properties: Readonly<Record<string, object>>,
  optional: readonly string[] = [],
): object {
  const required = Object.keys(properties).filter((name) => !optional.includes(name))
  return { type: 'object', required, properties, additionalProperties: false }
}
