import { randomBytes } from 'node:crypto'
import { ERRORS } from '@interhuman-auth/protocol'
import { expect, test } from 'vitest'
import { adminTokenState, authenticateAdmin, createAdminToken, revokeAdminToken } from '../src/admin-token.ts'
import { toAdminTokenView } from '../src/admin-token-view.ts'
import { newKeySecret } from '../src/key-format.ts'
import { newSecret } from '../src/secret-format.ts'

const NOW = 1_800_000_000
const made = createAdminToken({ name: 'ci', createdAt: NOW, expiresAt: NOW + 60 }, randomBytes)

function lookups(kept = made.kept, now = NOW) {
  const asked: string[] = []
  return {
    asked,
    now: () => now,
    async findAdminToken(hash: Buffer) {
      asked.push(hash.toString('hex'))
      return hash.equals(kept.tokenHash) ? kept : undefined
    },
  }
}

test('an admin token has the form of the contract, and nothing of it is kept but a hash', () => {
  expect(made.token).toMatch(/^iha_[0-9A-Za-z]{49}$/)
  expect(made.kept.adminTokenId).toMatch(/^ihat_[0-9A-Za-z]{20}$/)
  expect(JSON.stringify([made.kept, toAdminTokenView(made.kept, NOW)])).not.toContain(made.token.slice(4))
})

test('whoever holds it is let in, by one look-up, until it ends or is revoked', async () => {
  const right = lookups()
  expect(await authenticateAdmin(made.token, right)).toBe(made.kept)
  expect(right.asked).toEqual([made.kept.tokenHash.toString('hex')])
  expect(adminTokenState(made.kept, NOW + 59)).toBe('active')
  for (const ended of [
    lookups(made.kept, NOW + 60),
    lookups(revokeAdminToken(made.kept, NOW)),
    lookups({ ...made.kept, tokenHash: Buffer.alloc(32) }),
  ])
    await expect(authenticateAdmin(made.token, ended)).rejects.toMatchObject({
      row: ERRORS.invalidCredentials,
    })
})

test('what is no admin token is refused without a look-up: neither a key nor a verifier passes', async () => {
  const others = [newKeySecret(randomBytes), newSecret('ihv_', randomBytes), '', `${made.token}a`, 'iha_LEAK']
  for (const text of others) {
    const { asked, ...rest } = lookups()
    await expect(authenticateAdmin(text, rest)).rejects.toMatchObject({ row: ERRORS.invalidCredentials })
    expect(asked).toEqual([])
  }
})

test('revoked is for ever, and says since when', () => {
  const revoked = revokeAdminToken(made.kept, NOW + 1)
  expect(revokeAdminToken(revoked, NOW + 2)).toBe(revoked)
  expect(toAdminTokenView(revoked, NOW + 3)).toMatchObject({
    state: 'revoked',
    expires_at: '2027-01-15T08:01:00Z',
    revoked_at: '2027-01-15T08:00:01Z',
  })
})
