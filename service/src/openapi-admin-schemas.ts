import { ALGORITHMS } from '@interhuman-auth/protocol'
import type { AdminTokenView } from './admin-token-view.ts'
import { KEY_STATES } from './api-key.ts'
import { AUDIT_ACTIONS } from './audit.ts'
import type { KeyView } from './key-view.ts'
import { closed, TEXT } from './openapi-schemas.ts'
import { ADMIN_REQUESTS } from './routes/admin/requests.ts'
import type { CallerView, SecretView } from './secret-use-view.ts'
import type { SigningKeyView } from './signing-key-view.ts'
import type { VerifierView } from './verifier-view.ts'

const TIME = { type: 'string', format: 'date-time' } as const
const TIME_OR_NULL = { type: ['string', 'null'], format: 'date-time' } as const
const COUNT = { type: 'integer' } as const
const SWITCH = { type: 'boolean' } as const
const FIELDS = {
  type: ['object', 'null'],
  additionalProperties: { type: ['string', 'integer', 'boolean', 'null'] },
} as const
const NEXT_CURSOR = {
  type: ['string', 'null'],
  description:
    'Sent as `cursor` it gives the next page, which can be empty and have a next one; `null` on the last.',
} as const

const KEY = {
  key_id: TEXT,
  name: TEXT,
  scopes: { type: 'array', items: TEXT },
  state: { enum: [...KEY_STATES, 'expired'] },
  generation: { type: 'integer', description: 'A token of a lower one is dead.' },
  direct: SWITCH,
  created_at: TIME,
  last_used_at: {
    ...TIME_OR_NULL,
    description: 'When one of its secrets was used last, a few seconds late; `null` for never.',
  },
  expires_at: TIME_OR_NULL,
  previous_secret_expires_at: { ...TIME_OR_NULL, description: 'Until when the older of two secrets lives.' },
} satisfies Record<keyof KeyView, object>

const VERIFIER = {
  verifier_id: TEXT,
  name: TEXT,
  state: { enum: ['active', 'revoked'] },
  created_at: TIME,
  previous_secret_expires_at: TIME_OR_NULL,
} satisfies Record<keyof VerifierView, object>

const ADMIN_TOKEN = {
  admin_token_id: TEXT,
  name: TEXT,
  state: { enum: ['active', 'expired', 'revoked'] },
  created_at: TIME,
  expires_at: TIME,
  revoked_at: TIME_OR_NULL,
} satisfies Record<keyof AdminTokenView, object>

const SIGNING_KEY = {
  kid: TEXT,
  algorithm: { enum: [...ALGORITHMS] },
  state: { enum: ['next', 'active', 'retired', 'lost'] },
  created_at: TIME,
  activated_at: TIME_OR_NULL,
  retired_at: TIME_OR_NULL,
  lost_at: TIME_OR_NULL,
  verifies: SWITCH,
  verifies_until: TIME_OR_NULL,
  may_sign_at: TIME_OR_NULL,
} satisfies Record<keyof SigningKeyView, object>

const CALLER = {
  address: TEXT,
  user_agent: TEXT,
  verifier_id: {
    type: ['string', 'null'],
    description:
      'Of a key in direct use the verifier that asked about it: address and user agent are its own, and who used the key there is not known here. `null` where the holder of the secret sent it.',
  },
  uses: COUNT,
  last_used_at: TIME,
} satisfies Record<keyof CallerView, object>

const SECRET = {
  number: { type: 'integer', description: 'Counted from 1; names a secret without showing it.' },
  expires_at: { ...TIME_OR_NULL, description: '`null` for the newest one.' },
  last_used_at: TIME_OR_NULL,
  callers: { type: 'array', items: closed(CALLER), description: 'The last to use it first.' },
} satisfies Record<keyof SecretView, object>

/** The schemas of the operator's API, by name; those of requests are the ones that check them. */
export const ADMIN_SCHEMAS = {
  ...ADMIN_REQUESTS,
  Key: closed(KEY),
  KeyWithUse: closed({ ...KEY, secrets: { type: 'array', items: closed(SECRET) } }),
  KeyWithSecret: withSecret('key_secret', KEY),
  KeyList: list('keys', 'Key'),
  RevokedToken: closed({
    token_id: TEXT,
    key_id: { type: ['string', 'null'], description: '`null` for an access token.' },
    expires_at: TIME,
  }),
  RevokedTokenList: list('revoked_tokens', 'RevokedToken'),
  Verifier: closed(VERIFIER),
  VerifierWithSecret: withSecret('verifier_secret', VERIFIER),
  VerifierList: closed({ verifiers: { type: 'array', items: reference('Verifier') } }),
  AdminToken: closed(ADMIN_TOKEN),
  AdminTokenList: closed({ admin_tokens: { type: 'array', items: reference('AdminToken') } }),
  SigningKeyList: closed({ signing_keys: { type: 'array', items: closed(SIGNING_KEY) } }),
  AuditEntry: closed({
    id: COUNT,
    at: TIME,
    actor: { type: 'string', description: 'Who: of a command, an admin token with its name, or a key.' },
    origin: { type: 'string', description: 'From where: `command`, `start`, or an address.' },
    action: { enum: [...AUDIT_ACTIONS] },
    subject: { type: 'string', description: 'The id of what was changed.' },
    detail: FIELDS,
    before: FIELDS,
    after: FIELDS,
  }),
  AuditList: list('entries', 'AuditEntry'),
  UsageHour: closed({
    key_id: { type: ['string', 'null'], description: '`null` where the key is not known.' },
    hour: { ...TIME, description: 'When it began.' },
    outcome: {
      type: 'string',
      description:
        '`issued`, a token; `revoked`, a request to end one; `introspected`, a question of a verifier about the key in direct use, fewer than its uses, since the answer is kept; or the id of an error.',
    },
    count: COUNT,
  }),
  UsageList: list('usage', 'UsageHour'),
} as const

/** Once with the secret; the same request again with word of it. */
function withSecret(name: string, properties: Readonly<Record<string, object>>): object {
  const shown = { type: 'string', format: 'password', description: 'In this answer only.' }
  return {
    oneOf: [
      closed({ ...properties, [name]: shown }),
      closed({
        ...properties,
        secret_already_shown: { const: true, description: 'The same request came before, with its secret.' },
      }),
    ],
  }
}

function list(name: string, item: string): object {
  return closed({ [name]: { type: 'array', items: reference(item) }, next_cursor: NEXT_CURSOR })
}

function reference(name: string) {
  return { $ref: `#/components/schemas/${name}` }
}
