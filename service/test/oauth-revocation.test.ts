import { randomBytes } from 'node:crypto'
import {
  ADMIN_TOKEN_PREFIX,
  ERRORS,
  KEY_SECRET_PREFIX,
  SCOPES,
  VERIFIER_PREFIX,
} from '@interhuman-auth/protocol'
import { describe, expect, test } from 'vitest'
import { hashSecret } from '../src/api-key.ts'
import type { AuditEntry } from '../src/audit.ts'
import type { KeyCredentials } from '../src/authenticate-key.ts'
import type { TokenRevocation } from '../src/client-token.ts'
import { parseFormText } from '../src/form-body.ts'
import { parseOAuthRevocation, revokeOwnToken } from '../src/oauth-revocation.ts'
import { newSecret } from '../src/secret-format.ts'
import { AUDIENCE, ISSUER, KEY_ID, NOW, newTestSigner } from './support/own-tokens.ts'

const signer = newTestSigner()
const key: KeyCredentials = {
  keyId: KEY_ID,
  scopes: SCOPES,
  state: 'active',
  generation: 3,
  expiresAt: null,
  secretHash: hashSecret('LEAK-now'),
  previousSecretHash: null,
  previousSecretExpiresAt: null,
  direct: false,
  revision: 0,
  secretNumber: 1,
  previousSecretNumber: null,
}

async function revoke(token: string, keySecret = 'LEAK-now') {
  const revoked: { revocation: TokenRevocation; audit: AuditEntry }[] = []
  await revokeOwnToken({ credential: { keyId: KEY_ID, keySecret }, token }, '192.0.2.1', {
    issuer: ISSUER,
    audience: AUDIENCE,
    verificationKey: signer.verificationKey,
    admitKey: () => undefined,
    now: () => NOW,
    findKeyCredentials: async () => key,
    findKeyCredentialsBySecret: async () => key,
    async revokeToken(revocation, audit) {
      revoked.push({ revocation, audit })
    },
  })
  return revoked
}

describe('revoking', () => {
  test.each([
    ['an access token', signer.accessToken(), 'token.revoke', NOW + 900],
    ['a client token', signer.clientToken(), 'client_token.revoke', NOW + 300],
  ])(
    'of %s of the key is kept until nobody takes it any more, with who did it and from where',
    async (...row) => {
      const [, token, action, expiresAt] = row
      expect(await revoke(token)).toEqual([
        {
          revocation: { tokenId: 'token-1', revokedAt: NOW, expiresAt: expiresAt + 60 },
          audit: {
            at: NOW,
            actor: `key:${KEY_ID}`,
            origin: '192.0.2.1',
            action,
            subject: 'token-1',
            detail: { key_id: KEY_ID, expires_at: expiresAt },
            before: null,
            after: null,
          },
        },
      ])
    },
  )

  test.each([
    ['of another key', signer.accessToken({ keyId: 'ihk_11111111111111111111' })],
    ['of another service', newTestSigner().accessToken()],
    ['whose time is over', signer.accessToken({ issuedAt: NOW - 900 })],
    ['that is none', 'LEAK'],
  ])('attack 30: of a token %s has no effect, and nobody is told', async (_, token) => {
    expect(await revoke(token)).toEqual([])
  })

  test.each([KEY_SECRET_PREFIX, VERIFIER_PREFIX, ADMIN_TOKEN_PREFIX] as const)(
    'of a secret that begins with %s is refused: it would go on working',
    async (prefix) => {
      await expect(revoke(newSecret(prefix, randomBytes))).rejects.toMatchObject({
        row: ERRORS.tokenTypeUnsupported,
      })
    },
  )

  test('needs the secret of the key, whatever the token', async () => {
    for (const token of [signer.accessToken(), 'LEAK', newSecret(KEY_SECRET_PREFIX, randomBytes)])
      await expect(revoke(token, 'LEAK')).rejects.toMatchObject({ row: ERRORS.invalidCredentials })
  })
})

test('a request names its token and its client; a hint changes nothing', () => {
  const form = 'token=LEAK&token_type_hint=refresh_token&client_id=ihk_1&client_secret=LEAK-now'
  expect(parseOAuthRevocation(parseFormText(form), undefined)).toEqual({
    credential: { keyId: 'ihk_1', keySecret: 'LEAK-now' },
    token: 'LEAK',
  })
  expect(() => parseOAuthRevocation(parseFormText('token='), undefined)).toThrow(
    expect.objectContaining({ row: ERRORS.parameterAbsent, problems: { token: 'is needed' } }),
  )
})
