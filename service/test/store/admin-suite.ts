import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createAdminToken, revokeAdminToken } from '../../src/admin-token.ts'
import type { Store } from '../../src/store/store.ts'
import { audit } from './store-fixtures.ts'

/** What every store does for the operator's API; `store` gives the one that is open. */
export function adminSuite(store: () => Store): void {
  const newToken = (createdAt: number) => {
    const { kept } = createAdminToken({ name: 'ci', createdAt, expiresAt: createdAt + 60 }, randomBytes)
    return { token: kept, audit: audit(kept.adminTokenId, 'admin_token.create') }
  }

  describe('admin tokens', () => {
    test('one is found by its hash alone, and listed in order of creation', async () => {
      const [second, first] = [newToken(2000), newToken(1000)]
      for (const added of [second, first]) await store().insertAdminToken(added)
      expect(await store().findAdminToken(second.token.tokenHash)).toEqual(second.token)
      expect(await store().findAdminToken(randomBytes(32))).toBeUndefined()
      expect(await store().listAdminTokens()).toEqual([first.token, second.token])
      expect(await store().listAuditEntries(first.token.adminTokenId, 9)).toEqual([first.audit])
    })

    test('a change and its entry are one, and others hear of it; the same object writes nothing', async () => {
      const added = newToken(1000)
      const id = added.token.adminTokenId
      await store().insertAdminToken(added)
      const { revision } = await store().readChanges(null)
      const revoke = () =>
        store().changeAdminToken(id, (token) => ({
          token: revokeAdminToken(token, 1500),
          audit: audit(id, 'admin_token.revoke'),
        }))
      expect(await revoke()).toMatchObject({ revokedAt: 1500 })
      expect(await revoke()).toMatchObject({ revokedAt: 1500 })
      expect(await store().findAdminToken(added.token.tokenHash)).toMatchObject({ revokedAt: 1500 })
      expect((await store().readChanges(null)).revision).toBe(revision + 1)
      expect(await store().listAuditEntries(id, 9)).toHaveLength(2)
      expect(await store().changeAdminToken('ihat_none', (token) => ({ ...added, token }))).toBeUndefined()
    })
  })
}
