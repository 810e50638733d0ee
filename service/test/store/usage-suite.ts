import { describe, expect, test } from 'vitest'
import type { Store } from '../../src/store/store.ts'
import { type KeySecretUse, MAX_CALLERS } from '../../src/usage.ts'
import { newKey } from './store-fixtures.ts'

/** What is counted of requests: part of the duties of every store. */
export function usageSuite(store: () => Store): void {
  const hour = (keyId: string, at: number, count: number, outcome = 'issued') => ({
    keyId,
    hour: at,
    outcome,
    count,
  })
  const all = { keyId: null, from: null, to: null, after: null, limit: 100 }
  const use = (rest: Partial<KeySecretUse> = {}): KeySecretUse => ({
    keyId: 'a',
    secretNumber: 1,
    address: '192.0.2.1',
    userAgent: 'curl',
    verifierId: '',
    uses: 1,
    lastUsedAt: 5000,
    ...rest,
  })

  describe('usage', () => {
    test('counts are added up by key, hour and outcome, and read in pages, the newest hour first', async () => {
      await store().addUsageHours([hour('', 3600, 1, 'ih2001'), hour('a', 3600, 2), hour('a', 7200, 3)])
      await store().addUsageHours([hour('a', 7200, 4), hour('b', 7200, 5)])
      const rows = [hour('a', 7200, 7), hour('b', 7200, 5), hour('', 3600, 1, 'ih2001'), hour('a', 3600, 2)]
      expect(await store().listUsageHours(all)).toEqual(rows)
      const second = await store().listUsageHours({ ...all, after: rows[1] ?? null, limit: 1 })
      expect(second).toEqual([rows[2]])
      const narrow = { ...all, keyId: 'a', from: 3600, to: 7200 }
      expect(await store().listUsageHours(narrow)).toEqual([rows[3]])
      await store().dropUsage({ hoursBefore: 7200, callersBefore: 0 })
      expect(await store().listUsageHours(all)).toEqual(rows.slice(0, 2))
    })

    test('uses of a secret are added up by caller, and the last use counts', async () => {
      await store().addSecretUses([use({ uses: 2 }), use({ secretNumber: 2, lastUsedAt: 4000 })])
      await store().addSecretUses([use({ lastUsedAt: 4000 })])
      await store().addSecretUses([use({ verifierId: 'ihvr_1', lastUsedAt: 3000 })])
      const { keyId, ...expected } = use({ uses: 3 })
      expect(await store().listSecretUses(keyId)).toMatchObject([
        expected,
        { secretNumber: 2, uses: 1 },
        { secretNumber: 1, verifierId: 'ihvr_1', uses: 1 },
      ])
      await store().dropUsage({ hoursBefore: 0, callersBefore: 5000 })
      expect(await store().listSecretUses(keyId)).toEqual([expected])
    })

    test('when a key was used last is told with the key, never goes back, and outlives who used it', async () => {
      const added = [newKey(), newKey()]
      for (const each of added) await store().insertApiKey(each)
      const [used = '', unused = ''] = added.map(({ key }) => key.keyId)
      await store().addSecretUses([
        use({ keyId: used }),
        use({ keyId: used, secretNumber: 2, lastUsedAt: 6000 }),
      ])
      await store().addSecretUses([use({ keyId: used, lastUsedAt: 4000 })])
      await store().dropUsage({ hoursBefore: 9000, callersBefore: 9000 })
      expect(await store().listSecretUses(used)).toEqual([])
      expect(await store().findApiKey(used)).toMatchObject({ lastUsedAt: 6000 })
      expect(await store().findApiKey(unused)).toMatchObject({ lastUsedAt: null })
      const filter = { search: null, state: 'active', now: 0 } as const
      for (const request of [
        { after: null, limit: 10 },
        { after: null, limit: 10, filter },
      ]) {
        const listed = (await store().listApiKeys(request)).keys
        const lastUses = new Map(listed.map(({ keyId, lastUsedAt }) => [keyId, lastUsedAt]))
        expect(lastUses).toEqual(
          new Map([
            [used, 6000],
            [unused, null],
          ]),
        )
      }
    })

    test('many rows at once, and texts with whatever means something in JSON or SQL, are written as they are', async () => {
      const keyIds = Array.from({ length: 1001 }, (_, index) => `key ${String(index).padStart(4, '0')}`)
      const userAgent = `"'\\ {}[] $.key_id ✓`
      await store().addUsageHours(keyIds.map((keyId) => hour(keyId, 3600, 2)))
      const uses = keyIds.map((keyId) => use({ keyId, userAgent }))
      await store().addSecretUses(uses)
      await store().addSecretUses(uses)
      const rows = await store().listUsageHours({ ...all, limit: 2000 })
      expect(rows).toEqual(keyIds.map((keyId) => hour(keyId, 3600, 2)))
      for (const keyId of [keyIds[0], keyIds[250], keyIds[1000]])
        expect(await store().listSecretUses(keyId ?? '')).toMatchObject([{ userAgent, uses: 2 }])
    })

    test('the last callers of a secret stay apart, and all others share one row: no caller fills the store', async () => {
      for (let round = 0; round < 3; round += 1)
        await store().addSecretUses(
          Array.from({ length: MAX_CALLERS }, (_, index) =>
            use({ userAgent: `${round}`, verifierId: `${index}`, lastUsedAt: 5000 + round }),
          ),
        )
      const kept = await store().listSecretUses('a')
      expect(kept).toHaveLength(MAX_CALLERS + 1)
      expect(kept.at(-1)).toMatchObject({
        address: '',
        userAgent: '',
        verifierId: '',
        uses: 2 * MAX_CALLERS,
        lastUsedAt: 5001,
      })
    })
  })
}
