import { describe, expect, test } from 'vitest'
import type { Store } from '../../src/store/store.ts'

/** What is drawn from the quotas of keys: part of the duties of every store. */
export function quotaSuite(store: () => Store, open: () => Promise<Store>): void {
  const use = (keyId: string, used: number, windowStart = 86_400) => ({ keyId, windowStart, used })

  describe('quotas', () => {
    test('uses are added up by key and window, and the sums come back', async () => {
      expect(await store().addQuotaUses([use('a', 2), use('b', 1)])).toEqual([use('a', 2), use('b', 1)])
      expect(await store().addQuotaUses([use('a', 3)])).toEqual([use('a', 5)])
      expect(await store().addQuotaUses([use('a', 1, 172_800)])).toEqual([use('a', 1, 172_800)])
    })

    test('a window that is past is dropped, and the one that lasts is not', async () => {
      await store().addQuotaUses([use('a', 2), use('a', 3, 172_800)])
      await store().dropQuotas(172_800)
      expect(await store().addQuotaUses([use('a', 1)])).toEqual([use('a', 1)])
      expect(await store().addQuotaUses([use('a', 1, 172_800)])).toEqual([use('a', 4, 172_800)])
    })

    test('attack 26: nodes that hand in the same thousand keys at once lose none of them, and none blocks the other', async () => {
      const other = await open()
      const keys = Array.from({ length: 1000 }, (_, index) => `key ${String(index).padStart(4, '0')}`)
      const handIn = (one: Store) => one.addQuotaUses(keys.map((keyId) => use(keyId, 1)))
      await Promise.all([store(), other, store(), other].map(handIn))
      const sums = await handIn(store())
      expect(new Set(sums.map(({ used }) => used))).toEqual(new Set([5]))
    })
  })
}
