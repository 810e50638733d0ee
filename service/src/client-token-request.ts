import {
  type ClientTokenCaps,
  type ClientTokenRequest,
  DEFAULT_CLIENT_TOKEN_LIFETIME_SECONDS,
  DEFAULT_CLIENT_TOKEN_SCOPES,
  DEFAULT_MAX_CONCURRENT,
  MAX_ALLOWED_ORIGINS,
  MAX_CLIENT_TOKEN_LIFETIME_SECONDS,
  MAX_ORIGIN_LENGTH,
  MIN_CLIENT_TOKEN_LIFETIME_SECONDS,
  SCOPES,
  type Scope,
  toClientTokenCaps,
  uniqueScopes,
} from '@interhuman-auth/protocol'
import Format from 'typebox/format'
import Schema from 'typebox/schema'
import { explainBody } from './body-problems.ts'
import {
  findAbsentCredential,
  KEY_CREDENTIAL_PROPERTIES,
  type KeyCredential,
  ONE_KEY_CREDENTIAL,
  toKeyCredential,
} from './key-credential.ts'
import { isOrigin } from './origin.ts'

Format.Set('web-origin', isOrigin)

const cap = (description: string, rest: object = {}) => ({
  type: 'integer',
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  description,
  ...rest,
})

/**
 * A request for a client token as JSON Schema: the one source of what is checked and of what the OpenAPI document says.
 *
 * @see Our contract, section 5
 */
export const CLIENT_TOKEN_REQUEST_SCHEMA = {
  type: 'object',
  properties: {
    ...KEY_CREDENTIAL_PROPERTIES,
    scopes: {
      type: 'array',
      minItems: 1,
      items: { type: 'string', enum: [...SCOPES] },
      default: [...DEFAULT_CLIENT_TOKEN_SCOPES],
      description: "What the token is to be good for, within the key's own. A repeated scope counts once.",
    },
    expires_in: {
      type: 'number',
      default: DEFAULT_CLIENT_TOKEN_LIFETIME_SECONDS,
      description: `Seconds. Raised to ${MIN_CLIENT_TOKEN_LIFETIME_SECONDS} or cut to ${MAX_CLIENT_TOKEN_LIFETIME_SECONDS}, never refused.`,
    },
    max_duration_seconds: cap('Wall clock of one session.'),
    max_bytes: cap('Bytes that one session may send.'),
    max_concurrent: cap('Sessions at once on this token.', { default: DEFAULT_MAX_CONCURRENT }),
    max_video_seconds: cap('Video that this token may have analysed, upload and stream together.'),
    allowed_origins: {
      type: 'array',
      minItems: 1,
      maxItems: MAX_ALLOWED_ORIGINS,
      items: { type: 'string', maxLength: MAX_ORIGIN_LENGTH, format: 'web-origin' },
      description:
        'Serialised origins of the web pages that may use the token, letter for letter; no wildcard. With it, a request without an Origin is refused. It stops other web pages, not a program.',
    },
  },
  ...ONE_KEY_CREDENTIAL,
} as const

/** A request for a client token, read. */
export interface ClientTokenAsked {
  readonly credential: KeyCredential
  /** In the order asked, without repeats. */
  readonly scopes: readonly Scope[]
  /** As it was asked, of any size. */
  readonly expiresInSeconds: number
  readonly caps: ClientTokenCaps
}

const schema = Schema.Compile(CLIENT_TOKEN_REQUEST_SCHEMA)

/**
 * Reads the parsed body of a request for a client token.
 *
 * @throws {ApiError} 400 when it is not an object or holds no API key, 422 when a field has a value that is not allowed.
 */
export function parseClientTokenRequest(body: unknown): ClientTokenAsked {
  if (!schema.Check(body)) throw explainBody(schema, body, findAbsentCredential)
  const checked = body as ClientTokenRequest & { readonly scopes?: readonly Scope[] }
  const { allowed_origins, ...wire } = checked
  return {
    credential: toKeyCredential(checked),
    scopes: uniqueScopes(checked.scopes ?? DEFAULT_CLIENT_TOKEN_SCOPES),
    expiresInSeconds: checked.expires_in ?? DEFAULT_CLIENT_TOKEN_LIFETIME_SECONDS,
    caps: toClientTokenCaps(
      allowed_origins === undefined ? wire : { ...wire, allowed_origins: [...new Set(allowed_origins)] },
    ),
  }
}
