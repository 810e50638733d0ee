import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createAdminToken, revokeAdminToken } from '../../src/admin-token.ts'
import { RECEIPT_SECONDS } from '../../src/receipt.ts'
import type { KeyFilter } from '../../src/store/pages.ts'
import type { Store } from '../../src/store/store.ts'
import { audit, newKey } from './store-fixtures.ts'

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
  describe('a request that may come again', () => {
    const asked = (id: string, now = 1000) => ({ id, requestHash: Buffer.alloc(32, id), now })

    test('is done once, in one transaction with its receipt, and the receipt is what comes then', async () => {
      const added = newKey()
      const first = await store().changeOnce(asked('a'), async (inside) => {
        await inside.insertApiKey(added)
        return 'LEAK-free outcome'
      })
      const again = await store().changeOnce({ ...asked('a'), requestHash: Buffer.alloc(32) }, async () => {
        throw new Error('done twice')
      })
      const receipt = { requestHash: asked('a').requestHash, outcome: 'LEAK-free outcome' }
      expect([first, again]).toEqual([
        { ...receipt, repeated: false },
        { ...receipt, repeated: true },
      ])
      expect(await store().findApiKey(added.key.keyId)).toBeDefined()
    })

    test('leaves nothing when its work throws, not even the receipt', async () => {
      const added = newKey()
      const thrown = new Error('of a test')
      const failed = store().changeOnce(asked('b'), async (inside) => {
        await inside.insertApiKey(added)
        await inside.changeApiKey(added.key.keyId, (key) => ({
          key: { ...key, name: 'other' },
          audit: audit(key.keyId, 'key.change'),
        }))
        throw thrown
      })
      await expect(failed).rejects.toBe(thrown)
      expect(await store().findApiKey(added.key.keyId)).toBeUndefined()
      expect(await store().listAuditEntries(added.key.keyId, 9)).toEqual([])
      expect(await store().changeOnce(asked('b'), async () => 'done')).toMatchObject({ repeated: false })
    })

    test('that comes many times at once is done once, and the others wait for its receipt', async () => {
      let done = 0
      const receipts = await Promise.all(
        Array.from({ length: 8 }, () =>
          store().changeOnce(asked('c'), async () => {
            done += 1
            return String(done)
          }),
        ),
      )
      expect(done).toBe(1)
      expect(receipts.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 8 }, () => '1'))
      expect(receipts.filter(({ repeated }) => !repeated)).toHaveLength(1)
    })

    test('is forgotten after a day', async () => {
      await store().changeOnce(asked('d'), async () => 'first')
      const later = (now: number) => store().changeOnce(asked('d', now), async () => 'second')
      expect(await later(1000 + RECEIPT_SECONDS - 1)).toMatchObject({ outcome: 'first', repeated: true })
      expect(await later(1000 + RECEIPT_SECONDS)).toMatchObject({ outcome: 'second', repeated: false })
    })
  })

  describe('lists for the operator', () => {
    const filter: KeyFilter = { search: null, state: null, now: 1000 }
    const names = async (part: Partial<KeyFilter>) => {
      const { keys } = await store().listApiKeys({ after: null, limit: 99, filter: { ...filter, ...part } })
      return keys.map(({ name }) => name)
    }
    async function insert(name: string, rest: object = {}) {
      const added = newKey()
      await store().insertApiKey({ ...added, key: { ...added.key, name, ...rest } })
    }

    test('keys are searched by what their name holds, letter for letter but for A to Z', async () => {
      for (const name of ['Video Worker', 'upload_100%', 'upload-100', 'Übung', "o'hara"]) await insert(name)
      expect(await names({ search: 'o w' })).toEqual(['Video Worker'])
      expect(await names({ search: 'VIDEO' })).toEqual(['Video Worker'])
      expect(await names({ search: '_100%' })).toEqual(['upload_100%'])
      expect(await names({ search: 'bung' })).toEqual(['Übung'])
      expect(await names({ search: 'übung' })).toEqual([])
      expect(await names({ search: "'" })).toEqual(["o'hara"])
      expect(await names({ search: "' or 1=1 --" })).toEqual([])
    })

    test('keys are listed by state, expired ones apart from active ones', async () => {
      await insert('alive')
      await insert('alive for now', { expiresAt: 1001 })
      await insert('expired', { expiresAt: 1000 })
      await insert('disabled', { state: 'disabled', expiresAt: 999 })
      expect((await names({ state: 'active' })).sort()).toEqual(['alive', 'alive for now'])
      expect(await names({ state: 'expired' })).toEqual(['expired'])
      expect(await names({ state: 'disabled' })).toEqual(['disabled'])
    })

    test('a search goes on where a page ended', async () => {
      for (const [index, name] of ['a', 'x', 'b', 'x', 'c'].entries()) {
        const added = newKey(1000 + index)
        await store().insertApiKey({ ...added, key: { ...added.key, name } })
      }
      const page = (after: string | null) =>
        store().listApiKeys({ after, limit: 1, filter: { ...filter, search: 'x' } })
      const first = await page(null)
      const second = await page(first.next)
      expect([...first.keys, ...second.keys].map(({ createdAt }) => createdAt)).toEqual([1001, 1003])
      expect(second.next).toBeNull()
    })

    test('audit rows come newest first, in pages, and by subject', async () => {
      const added = [newKey(), newKey(), newKey()]
      for (const one of added) await store().insertApiKey(one)
      const subjects = added.map(({ key }) => key.keyId).reverse()
      const page = (before: number | null, subject: string | null = null) =>
        store().listAuditPage({ before, subject, limit: 2 })
      const first = await page(null)
      const second = await page(first[1]?.id ?? null)
      expect([...first, ...second].map(({ entry }) => entry.subject)).toEqual(subjects)
      expect((await page(null, subjects[2])).map(({ entry }) => entry.subject)).toEqual([subjects[2]])
    })

    test('revoked tokens come in the order of their ids, while they would be alive without it', async () => {
      for (const [tokenId, expiresAt] of [
        ['c', 2000],
        ['a', 2000],
        ['b', 1001],
      ] as const)
        await store().revokeToken({ tokenId, expiresAt, revokedAt: 1000 }, audit(tokenId, 'token.revoke'))
      const page = async (after: string | null, now = 1000) =>
        (await store().listRevokedTokens({ after, limit: 2, now })).map(({ tokenId }) => tokenId)
      expect(await page(null)).toEqual(['a', 'b'])
      expect(await page('b')).toEqual(['c'])
      expect(await page(null, 1001)).toEqual(['a', 'c'])
    })
  })
}
