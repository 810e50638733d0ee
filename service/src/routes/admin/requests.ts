import { SCOPES } from '@interhuman-auth/protocol'
import { MAX_OVERLAP_SECONDS } from '../../api-key.ts'

const NAME = {
  type: 'string',
  format: 'visible-name',
  description: '1 to 100 visible characters; spaces at its ends do not count.',
}
const KEY_SCOPES = {
  type: 'array',
  minItems: 1,
  items: { type: 'string', enum: [...SCOPES] },
  description: 'All scopes of the key. A repeated one counts once.',
}
const EXPIRY = {
  type: ['string', 'null'],
  format: 'date-time',
  description: 'From when on the key is refused, not in the past; `null` for never.',
}
const DIRECT = {
  type: 'boolean',
  description: 'Whether the secret itself is taken as a bearer, so that whoever sees a request has it.',
}
const OVERLAP = {
  type: 'integer',
  minimum: 0,
  maximum: MAX_OVERLAP_SECONDS,
  default: 86_400,
  description: 'How long the older secret lives on; with 0 it ends now, and what it was exchanged for.',
}

function closed(properties: Readonly<Record<string, object>>, rest: object = {}) {
  return { type: 'object', properties, additionalProperties: false, ...rest }
}

/**
 * The requests of the operator's API as JSON Schema: the one source of what is checked and of what the OpenAPI document
 * says. None takes a field that it does not know: one that is misspelt would not do what was meant.
 */
export const ADMIN_REQUESTS = {
  KeyCreation: closed(
    { name: NAME, scopes: KEY_SCOPES, expires_at: { ...EXPIRY, default: null }, direct: DIRECT },
    { required: ['name', 'scopes'] },
  ),
  KeyChange: closed(
    {
      name: NAME,
      state: { type: 'string', enum: ['active', 'disabled'] },
      scopes: KEY_SCOPES,
      expires_at: EXPIRY,
      direct: DIRECT,
    },
    { minProperties: 1 },
  ),
  Rotation: closed({ overlap_seconds: OVERLAP }),
  OverlapEnd: closed({
    force: { type: 'boolean', default: false, description: 'End it although the older secret is in use.' },
  }),
  VerifierCreation: closed({ name: NAME }, { required: ['name'] }),
  SigningKeyRotation: closed({
    now: {
      type: 'boolean',
      default: false,
      description: 'Rotate although guards may not know the next signing key yet.',
    },
  }),
  NoFields: closed({}),
} as const

/** The name of one of {@link ADMIN_REQUESTS}. */
export type AdminRequestName = keyof typeof ADMIN_REQUESTS
