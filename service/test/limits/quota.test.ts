import { expect, test } from 'vitest'
import { createQuota, QUOTA_WINDOW_SECONDS, type QuotaStore, type QuotaUse } from '../../src/limits/quota.ts'

const DAY = QUOTA_WINDOW_SECONDS
const START = 20_000 * DAY
let now = START

/** What `sql-quotas.ts` does, which the suite of the stores holds, and how often it was asked. */
function memoryStore() {
  const sums = new Map<string, QuotaUse>()
  const store = {
    statements: 0,
    away: false,
    async addQuotaUses(uses: readonly QuotaUse[]) {
      store.statements += 1
      await Promise.resolve()
      if (store.away) throw new Error('away')
      return uses.map((use) => {
        const name = `${use.keyId} ${use.windowStart}`
        const kept = { ...use, used: use.used + (sums.get(name)?.used ?? 0) }
        sums.set(name, kept)
        return kept
      })
    },
    async dropQuotas(before: number) {
      for (const [name, { windowStart }] of sums) if (windowStart < before) sums.delete(name)
    },
    kept: () => [...sums.values()],
  }
  return store satisfies QuotaStore
}

function drawAll(quota: ReturnType<typeof createQuota>, keyId: string): number {
  let drawn = 0
  while (quota.draw(keyId) === 0) drawn += 1
  return drawn
}

test('a key has its quota in a day, then waits for the next one, and another key has its own', () => {
  now = START + 3600
  const quota = createQuota(5, memoryStore(), () => now)
  expect(drawAll(quota, 'a')).toBe(5)
  expect(quota.draw('a')).toBe(DAY - 3600)
  expect(drawAll(quota, 'b')).toBe(5)
  now = START + DAY
  expect(drawAll(quota, 'a')).toBe(5)
})

test('attack 26: nodes share a quota without a write a request: together they give out no more than what each gives out between two sharings', async () => {
  now = START
  const store = memoryStore()
  const nodes = [1, 2, 3].map(() => createQuota(100, store, () => now))
  const drawn = new Map(nodes.map((node) => [node, 0]))
  const draw = (node: (typeof nodes)[number], times: number) => {
    for (let time = 0; time < times; time++)
      if (node.draw('a') === 0) drawn.set(node, (drawn.get(node) ?? 0) + 1)
  }
  const between = 10
  for (let round = 0; round < 20; round++) {
    for (const node of nodes) draw(node, between)
    for (const node of nodes) await node.share()
  }
  const total = [...drawn.values()].reduce((sum, count) => sum + count)
  expect(total).toBeGreaterThanOrEqual(100)
  expect(total).toBeLessThanOrEqual(100 + 2 * nodes.length * between)
  expect(store.kept()).toEqual([{ keyId: 'a', windowStart: START, used: total }])
  // Who refuses writes nothing more.
  const { statements } = store
  for (const node of nodes) {
    expect(drawAll(node, 'a')).toBe(0)
    await node.share()
  }
  expect(store.statements).toBe(statements)
})

test('what is drawn while the counts are on their way is neither lost nor counted twice', async () => {
  now = START
  const store = memoryStore()
  const quota = createQuota(10, store, () => now)
  for (let count = 0; count < 4; count++) quota.draw('a')
  const sharing = quota.share()
  for (let count = 0; count < 3; count++) quota.draw('a')
  await sharing
  expect(drawAll(quota, 'a')).toBe(3)
  await quota.share()
  expect(store.kept()).toEqual([{ keyId: 'a', windowStart: START, used: 10 }])
})

test('while the store is away the count of this node goes on, and is handed in when the store is back', async () => {
  now = START
  const store = memoryStore()
  const quota = createQuota(10, store, () => now)
  store.away = true
  for (let count = 0; count < 6; count++) expect(quota.draw('a')).toBe(0)
  await quota.share()
  expect(drawAll(quota, 'a')).toBe(4)
  await quota.share()
  store.away = false
  await quota.share()
  expect(store.kept()).toEqual([{ keyId: 'a', windowStart: START, used: 10 }])
})

test('a store that is away is asked once, however many keys there are, and nothing is lost', async () => {
  now = START
  const store = memoryStore()
  const quota = createQuota(10, store, () => now)
  for (let key = 0; key < 2500; key++) quota.draw(`key ${key}`)
  store.away = true
  await quota.share()
  expect(store.statements).toBe(1)
  store.away = false
  await quota.share()
  expect(store.kept()).toHaveLength(2500)
  expect(new Set(store.kept().map(({ used }) => used))).toEqual(new Set([1]))
})

test('a restart does not begin the day anew once the first sharing has come back, and what is past is dropped', async () => {
  now = START
  const store = memoryStore()
  const before = createQuota(10, store, () => now)
  drawAll(before, 'a')
  await before.share()
  const after = createQuota(10, store, () => now)
  after.draw('a')
  await after.share()
  expect(drawAll(after, 'a')).toBe(0)
  now = START + 2 * DAY
  after.draw('a')
  await after.share()
  expect(store.kept().map(({ windowStart }) => windowStart)).toEqual([START + 2 * DAY])
})

test('a thousand keys and more are one statement a thousand, in the order of their ids', async () => {
  now = START
  const asked: (readonly QuotaUse[])[] = []
  const store: QuotaStore = {
    async addQuotaUses(uses) {
      asked.push(uses)
      return uses
    },
    async dropQuotas() {},
  }
  const quota = createQuota(10, store, () => now)
  for (let key = 2499; key >= 0; key--) quota.draw(`key ${String(key).padStart(4, '0')}`)
  await quota.share()
  expect(asked.map(({ length }) => length)).toEqual([1000, 1000, 500])
  const ids = asked.flat().map(({ keyId }) => keyId)
  expect(ids).toEqual([...ids].sort())
})
