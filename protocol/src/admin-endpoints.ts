/**
 * Where the operator's API answers; a `{name}` stands for one segment (our contract, section 10). `rotate`, `revoke` and
 * their like are of the thing above them.
 */
export const ADMIN_PATHS = {
  keys: '/admin/v1/keys',
  key: '/admin/v1/keys/{key_id}',
  keyRotate: '/admin/v1/keys/{key_id}/rotate',
  keyEndOverlap: '/admin/v1/keys/{key_id}/end-overlap',
  keyExpire: '/admin/v1/keys/{key_id}/expire',
  keyRevoke: '/admin/v1/keys/{key_id}/revoke',
  clientTokens: '/admin/v1/client-tokens',
  clientTokenRevoke: '/admin/v1/client-tokens/{token_id}/revoke',
  verifiers: '/admin/v1/verifiers',
  verifierRotate: '/admin/v1/verifiers/{verifier_id}/rotate',
  verifierRevoke: '/admin/v1/verifiers/{verifier_id}/revoke',
  adminTokens: '/admin/v1/admin-tokens',
  adminTokenRevoke: '/admin/v1/admin-tokens/{admin_token_id}/revoke',
  signingKeys: '/admin/v1/signing-keys',
  signingKeysRotate: '/admin/v1/signing-keys/rotate',
  signingKeyRevoke: '/admin/v1/signing-keys/{kid}/revoke',
  audit: '/admin/v1/audit',
  usage: '/admin/v1/usage',
} as const
