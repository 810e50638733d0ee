import { expect, test } from 'vitest'
import { keepUsage } from '../src/keep-usage.ts'
import { IN_USE_SECONDS } from '../src/secret-use.ts'
import {
  type CountedRequest,
  ISSUED,
  type KeySecretUse,
  MAX_CALLERS,
  type UsageBounds,
  type UsageHour,
} from '../src/usage.ts'
import { createUsageCounts, MAX_WAITING_ROWS } from '../src/usage-counts.ts'

// What is counted of requests for tokens, and how it gets into the store.

const HOUR = 1_800_000_000 - (1_800_000_000 % 3600)
const asked = (rest: Partial<CountedRequest> = {}): CountedRequest => ({
  knownKeyId: 'a',
  secretNumber: 1,
  verifierId: '',
  outcome: ISSUED,
  address: '192.0.2.1',
  userAgent: 'curl',
  ...rest,
})

test('counts are apart by key, outcome and hour, to the second', () => {
  const counts = createUsageCounts()
  counts.count(asked(), HOUR - 1)
  counts.count(asked(), HOUR)
  counts.count(asked(), HOUR + 3599)
  counts.count(asked({ outcome: 'ih2003' }), HOUR + 3599)
  counts.count(asked({ knownKeyId: '', secretNumber: 0, outcome: 'ih2001' }), HOUR + 3600)
  const { hours, uses } = counts.take()
  expect(hours).toEqual([
    { keyId: 'a', hour: HOUR - 3600, outcome: ISSUED, count: 1 },
    { keyId: 'a', hour: HOUR, outcome: 'ih2003', count: 1 },
    { keyId: 'a', hour: HOUR, outcome: ISSUED, count: 2 },
    { keyId: '', hour: HOUR + 3600, outcome: 'ih2001', count: 1 },
  ])
  expect(uses).toEqual([
    {
      keyId: 'a',
      secretNumber: 1,
      address: '192.0.2.1',
      verifierId: '',
      userAgent: 'curl',
      uses: 4,
      lastUsedAt: HOUR + 3599,
    },
  ])
  expect(counts.take()).toEqual({ hours: [], uses: [], leftOut: 0 })
})

test('a user agent is cut, what cannot be printed is replaced, and callers beyond the bound share one row', () => {
  const counts = createUsageCounts()
  counts.count(asked({ userAgent: `\u001b[2J\té${'x '.repeat(5_000)}` }), HOUR)
  for (let index = 0; index < 500; index += 1) counts.count(asked({ userAgent: `agent ${index}` }), HOUR)
  const { uses } = counts.take()
  expect(uses).toHaveLength(MAX_CALLERS + 1)
  expect(uses[0]).toMatchObject({ address: '', userAgent: '', uses: 501 - MAX_CALLERS })
  expect(uses.map(({ userAgent }) => userAgent)).toContain(`?[2J??${'x '.repeat(97)}`)
})

test.each([
  ['ih_live_LEAK', '[left out]'],
  [`worker/1.0 (key ihv_${'a'.repeat(49)})`, 'worker/1.0 (key [left out])'],
  [`Bearer eyJhbGciOiJFUzI1NiJ9.${'e'.repeat(80)}.${'s'.repeat(86)}`, 'Bearer [left out]'],
  [`${'a'.repeat(31)} `.repeat(20) + 'x'.repeat(10_000), `${'a'.repeat(31)} `.repeat(20).slice(0, 200)],
  [`${'x '.repeat(190)}ih_live_LEAK${'y'.repeat(60)}`, 'x '.repeat(100)],
  [
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/153.0.0.0',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/153.0.0.0',
  ],
])('attack 66: a credential that a client sends as its user agent is not kept', (userAgent, kept) => {
  const counts = createUsageCounts()
  counts.count(asked({ userAgent }), HOUR)
  expect(counts.take().uses.map((use) => use.userAgent)).toEqual([kept])
})

test('what was counted comes in one order, whatever was used first: nodes that write it lock the same rows alike', () => {
  const requests = ['b', 'a'].flatMap((knownKeyId) =>
    [2, 1, 10].flatMap((secretNumber) =>
      ['192.0.2.2', '192.0.2.1'].map((address) => asked({ knownKeyId, secretNumber, address })),
    ),
  )
  const orders = [requests, requests.toReversed()].map((order) => {
    const counts = createUsageCounts()
    for (const request of order) counts.count(request, HOUR)
    return counts.take()
  })
  expect(orders[0]).toEqual(orders[1])
})

test('a verifier that asks about a key is told apart from whoever has the same address and agent', () => {
  const counts = createUsageCounts()
  counts.count(asked(), HOUR)
  counts.count(asked({ verifierId: 'ihvr_00000000000000000000' }), HOUR)
  const { uses, hours } = counts.take()
  const same = {
    keyId: 'a',
    secretNumber: 1,
    address: '192.0.2.1',
    userAgent: 'curl',
    uses: 1,
    lastUsedAt: HOUR,
  }
  const both = [
    { ...same, verifierId: '' },
    { ...same, verifierId: 'ihvr_00000000000000000000' },
  ]
  expect(uses).toEqual(both)
  counts.putBack({ hours, uses })
  expect(counts.take().uses).toEqual(both)
})

test('keys beyond the bound are counted together, and no request is lost', () => {
  const counts = createUsageCounts()
  const requests = MAX_WAITING_ROWS + 1000
  for (let index = 0; index < requests; index += 1) {
    counts.count(asked({ knownKeyId: `key ${index}` }), HOUR)
    expect(counts.isFilling()).toBe(index + 1 >= MAX_WAITING_ROWS / 2)
  }
  const { hours } = counts.take()
  expect(hours).toHaveLength(MAX_WAITING_ROWS + 1)
  expect(hours[0]).toEqual({ keyId: '', hour: HOUR, outcome: ISSUED, count: 1000 })
})

test('while the store is away, what waits has a bound: uses of keys beyond it are left out, which is said, and their tokens are counted', () => {
  const counts = createUsageCounts()
  const requests = 2 * MAX_WAITING_ROWS + 1000
  for (let index = 0; index < requests; index += 1) counts.count(asked({ knownKeyId: `key ${index}` }), HOUR)
  const { hours, uses, leftOut } = counts.take()
  expect(leftOut).toBe(1000)
  expect(hours.reduce((sum, { count }) => sum + count, 0)).toBe(requests)
  expect(uses).toHaveLength(2 * MAX_WAITING_ROWS)
  expect(uses.filter(({ address }) => address === '')).toHaveLength(MAX_WAITING_ROWS)
})

function recordingStore() {
  const written = { hours: [] as UsageHour[], uses: [] as KeySecretUse[], dropped: [] as UsageBounds[] }
  const store = {
    away: false,
    written,
    async addUsageHours(hours: readonly UsageHour[]) {
      if (store.away) throw new Error('away')
      written.hours.push(...hours)
    },
    async addSecretUses(uses: readonly KeySecretUse[]) {
      if (store.away) throw new Error('away')
      written.uses.push(...uses)
    },
    async dropUsage(bounds: UsageBounds) {
      written.dropped.push(bounds)
    },
  }
  return store
}

test('what the store does not take stays counted, and is handed in once when it is back', async () => {
  const store = recordingStore()
  const failures: unknown[] = []
  const context = {
    store,
    retentionDays: 90,
    now: () => HOUR,
    onFailure: (error: unknown) => failures.push(error),
  }
  const usage = keepUsage(context)
  store.away = true
  usage.count(asked())
  await usage.handIn()
  usage.count(asked())
  await usage.handIn()
  expect(failures).toHaveLength(2)
  store.away = false
  await usage.close()
  expect(store.written.hours).toEqual([{ keyId: 'a', hour: HOUR, outcome: ISSUED, count: 2 }])
  expect(store.written.uses).toMatchObject([{ uses: 2 }])
  const before = HOUR - 90 * 86_400
  expect(store.written.dropped).toEqual([{ hoursBefore: before, callersBefore: before }])
})

test('callers are kept as long as is looked back for a secret in use, however short the time is', async () => {
  const store = recordingStore()
  const usage = keepUsage({ store, retentionDays: 1, now: () => HOUR, onFailure: () => {} })
  await usage.close()
  expect(store.written.dropped).toEqual([
    { hoursBefore: HOUR - 86_400, callersBefore: HOUR - IN_USE_SECONDS },
  ])
})

test('much that waits is handed in early, and a store that is away is not asked at every request', async () => {
  const store = recordingStore()
  store.away = true
  let failures = 0
  const usage = keepUsage({ store, retentionDays: 0, now: () => HOUR, onFailure: () => (failures += 1) })
  for (let index = 0; index < MAX_WAITING_ROWS; index += 1) usage.count(asked({ knownKeyId: `key ${index}` }))
  await new Promise((resolve) => setImmediate(resolve))
  for (let index = 0; index < 100; index += 1) usage.count(asked())
  await new Promise((resolve) => setImmediate(resolve))
  expect(failures).toBe(1)
  store.away = false
  await usage.close()
  expect(store.written.hours.reduce((sum, { count }) => sum + count, 0)).toBe(MAX_WAITING_ROWS + 100)
  expect(store.written.dropped).toEqual([])
})
