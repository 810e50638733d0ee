import { ADMIN_PATHS, ERRORS, type ErrorRow } from '@interhuman-auth/protocol'
import type { QueryParameter } from './query.ts'
import type { AdminRequestName } from './requests.ts'

/** One operation of the operator's API: its route, its check and its description come from here. */
export interface AdminOperation {
  readonly method: 'GET' | 'POST' | 'PATCH'
  readonly path: string
  readonly summary: string
  /** What a GET takes behind its `?`. */
  readonly query?: readonly QueryParameter[]
  /** What the body of a change is. */
  readonly request?: AdminRequestName
  /** The name of the answer's schema. */
  readonly answer: string
  /** 200 unless told. */
  readonly status?: 201
  /** Beside those of every operation, of a path with a parameter and of a change. */
  readonly errors?: readonly ErrorRow[]
}

const SECRET_ERRORS = [ERRORS.revokedForEver, ERRORS.twoSecretsLive]

const read = (path: string, answer: string, summary: string, query: readonly QueryParameter[] = []) =>
  ({ method: 'GET', path, answer, summary, query }) satisfies AdminOperation

const change = (path: string, answer: string, summary: string, rest: Partial<AdminOperation> = {}) =>
  ({ method: 'POST', request: 'NoFields', path, answer, summary, ...rest }) satisfies AdminOperation

/** Every operation of the operator's API, by its id in the OpenAPI document (our contract, section 10). */
export const ADMIN_OPERATIONS = {
  listKeys: read(ADMIN_PATHS.keys, 'KeyList', 'List keys in order of creation.', [
    'search',
    'state',
    'cursor',
    'limit',
  ]),
  createKey: change(ADMIN_PATHS.keys, 'KeyWithSecret', 'Create a key. Its secret is in this answer only.', {
    request: 'KeyCreation',
    status: 201,
  }),
  readKey: read(ADMIN_PATHS.key, 'KeyWithUse', 'Read a key, and who used which secret of it last.'),
  changeKey: change(
    ADMIN_PATHS.key,
    'Key',
    'Change what a key is called, may do, until when and whether it works.',
    {
      method: 'PATCH',
      request: 'KeyChange',
      errors: [ERRORS.revokedForEver],
    },
  ),
  rotateKey: change(ADMIN_PATHS.keyRotate, 'KeyWithSecret', 'Give a key a new secret, in this answer only.', {
    request: 'Rotation',
    errors: SECRET_ERRORS,
  }),
  endKeyOverlap: change(ADMIN_PATHS.keyEndOverlap, 'Key', 'End the older secret of a key before its time.', {
    request: 'OverlapEnd',
    errors: [ERRORS.revokedForEver, ERRORS.oneSecretLives, ERRORS.oldSecretInUse],
  }),
  expireKey: change(
    ADMIN_PATHS.keyExpire,
    'Key',
    'Let a key expire now. Introspection tells its tokens as dead; a guard alone takes them to their end.',
    {
      errors: [ERRORS.revokedForEver],
    },
  ),
  revokeKey: change(ADMIN_PATHS.keyRevoke, 'Key', 'Revoke a key for ever, and every token that it issued.'),
  listClientTokens: read(ADMIN_PATHS.clientTokens, 'RevokedTokenList', 'List the tokens that are revoked.', [
    'cursor',
    'limit',
  ]),
  revokeClientTokenById: change(
    ADMIN_PATHS.clientTokenRevoke,
    'RevokedToken',
    'Revoke a client token by its id.',
  ),
  listVerifiers: read(ADMIN_PATHS.verifiers, 'VerifierList', 'List the verifiers.'),
  createVerifier: change(
    ADMIN_PATHS.verifiers,
    'VerifierWithSecret',
    'Create a verifier. Its secret is in this answer only.',
    { request: 'VerifierCreation', status: 201 },
  ),
  rotateVerifier: change(
    ADMIN_PATHS.verifierRotate,
    'VerifierWithSecret',
    'Give a verifier a new secret, in this answer only.',
    { request: 'Rotation', errors: SECRET_ERRORS },
  ),
  revokeVerifier: change(
    ADMIN_PATHS.verifierRevoke,
    'Verifier',
    'Revoke a verifier for ever, and cut its feed.',
  ),
  listAdminTokens: read(
    ADMIN_PATHS.adminTokens,
    'AdminTokenList',
    "List the admin tokens. Only the machine's command makes one.",
  ),
  revokeAdminToken: change(ADMIN_PATHS.adminTokenRevoke, 'AdminToken', 'Revoke an admin token for ever.'),
  listSigningKeys: read(
    ADMIN_PATHS.signingKeys,
    'SigningKeyList',
    'List the signing keys, without their private parts.',
  ),
  rotateSigningKeys: change(
    ADMIN_PATHS.signingKeysRotate,
    'SigningKeyList',
    'Let the next signing key sign, and publish another next one.',
    { request: 'SigningKeyRotation', errors: [ERRORS.nextKeyNotPublished] },
  ),
  loseSigningKey: change(
    ADMIN_PATHS.signingKeyRevoke,
    'SigningKeyList',
    'Declare a signing key lost: its tokens are dead now.',
  ),
  listAudit: read(ADMIN_PATHS.audit, 'AuditList', 'Read who changed what, the newest first.', [
    'subject',
    'cursor',
    'limit',
  ]),
  listUsage: read(
    ADMIN_PATHS.usage,
    'UsageList',
    'Read how many tokens were issued and refused, by key and hour, the newest hour first.',
    ['key', 'from', 'to', 'cursor', 'limit'],
  ),
} as const satisfies Readonly<Record<string, AdminOperation>>

/** The id of one of {@link ADMIN_OPERATIONS}. */
export type AdminOperationId = keyof typeof ADMIN_OPERATIONS
