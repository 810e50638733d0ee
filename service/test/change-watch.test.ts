import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Change, ChangeReading, Lease, LeaseRenewal } from '../src/change.ts'
import { type ChangeWatch, MAX_STALENESS_MS, watchChanges } from '../src/change-watch.ts'
import { StoreUnavailableError } from '../src/store/store-error.ts'

const DATABASE_MS = 1_800_000_000_000
const change = (revision: number, expiresAt = 1_800_003_600): Change => ({
  revision,
  kind: 'key',
  subject: `key ${revision}`,
  generation: 2,
  at: 1_800_000_000,
  expiresAt,
})

let changes: Change[]
let epoch: string
let failure: Error | undefined
let renewalFailure: Error | undefined
let asked: (number | null)[]
let hint: () => void
let mono: number
let wall: number
let databaseMs: number
let renewed: Lease[]
let ended: string[]
let failures: unknown[]
let watch: ChangeWatch

const store = {
  async readChanges(after: number | null, renewal?: LeaseRenewal): Promise<ChangeReading> {
    asked.push(after)
    if (renewal !== undefined && renewalFailure !== undefined) throw renewalFailure
    if (failure !== undefined) throw failure
    if (renewal !== undefined) renewed = [...renewal.leases]
    const behind = changes.filter((one) => one.revision > (after ?? 0))
    return { epoch, revision: changes.at(-1)?.revision ?? 0, databaseTimeMs: databaseMs, changes: behind }
  },
  hearChanges(onHint: () => void) {
    hint = onHint
    return { close: async () => {} }
  },
  async endLease(holder: string) {
    ended.push(holder)
  },
}

const settled = async (holds: () => boolean) => {
  for (let tries = 0; !holds() && tries < 500; tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 5))
  expect(holds()).toBe(true)
}

beforeEach(async () => {
  changes = [change(1)]
  epoch = 'a'
  failure = undefined
  renewalFailure = undefined
  asked = []
  mono = 1_000
  wall = DATABASE_MS + 7_000
  databaseMs = DATABASE_MS
  renewed = []
  ended = []
  failures = []
  watch = await watchChanges({
    store,
    node: { holder: 'node', name: 'of a test' },
    monotonicMs: () => mono,
    wallMs: () => wall,
    onFailure: (error) => failures.push(error),
  })
})
afterEach(() => watch.close())

function record() {
  const told: { revisions: number[]; reset: boolean }[] = []
  watch.subscribe((heard, reset) => told.push({ revisions: heard.map((one) => one.revision), reset }))
  return told
}

test('who subscribes is told of what is in force first, then of each change once, in order', async () => {
  const told = record()
  changes.push(change(2), change(3))
  await watch.catchUp()
  await watch.catchUp()
  changes.push(change(4))
  hint()
  await settled(() => watch.revision === 4)
  expect(told).toEqual([
    { revisions: [1], reset: true },
    { revisions: [2, 3], reset: false },
    { revisions: [4], reset: false },
  ])
})

test('who subscribes late is not told of what is no longer in force', async () => {
  changes.push(change(2, 1_800_000_001))
  await watch.catchUp()
  databaseMs += 1_000
  changes.push(change(3))
  await watch.catchUp()
  expect(record()).toEqual([{ revisions: [1, 3], reset: true }])
})

test('who subscribes once a clock that was set an hour ahead is right again is told of all that is in force', async () => {
  changes.push(change(2, 1_800_000_600))
  await watch.catchUp()
  databaseMs += 3_600_000
  await watch.catchUp()
  expect(record()).toEqual([{ revisions: [], reset: true }])
  databaseMs -= 3_600_000
  await watch.catchUp()
  expect(record()).toEqual([{ revisions: [1, 2], reset: true }])
})

test('a listener that has left is told nothing more', async () => {
  const told: number[] = []
  const leave = watch.subscribe((heard) => told.push(heard.length))
  leave()
  changes.push(change(2))
  await watch.catchUp()
  expect(told).toEqual([1])
})

test('catchUp tells of what was written before the call, also while a reading is under way', async () => {
  const first = watch.catchUp()
  changes.push(change(2))
  await Promise.all([watch.catchUp(), watch.catchUp(), first])
  expect(watch.revision).toBe(2)
  expect(asked.length).toBeLessThanOrEqual(4)
})

test('a store that was put back from a backup is told anew, whole', async () => {
  const told = record()
  epoch = 'b'
  changes = [change(1), change(2)]
  await watch.catchUp()
  expect(told.at(-1)).toEqual({ revisions: [1, 2], reset: true })
  expect(watch.epoch).toBe('b')
  changes = [change(1)]
  await watch.catchUp()
  expect(told.at(-1)).toEqual({ revisions: [1], reset: true })
  expect(watch.revision).toBe(1)
})

test('the time is that of the database, carried on by the clock that is never set', () => {
  expect(watch.clockOffsetMs).toBe(7_000)
  mono += 1_500
  wall -= 3_600_000
  expect(watch.nowMs()).toBe(DATABASE_MS + 1_500)
})

test('a watch is stale behind its bound by either clock, and freshens by reading', async () => {
  expect(watch.isStale()).toBe(false)
  mono += MAX_STALENESS_MS
  expect(watch.isStale()).toBe(false)
  mono += 1
  expect(watch.isStale()).toBe(true)
  await watch.freshen()
  expect(watch.isStale()).toBe(false)
  wall += 3_600_000
  expect(watch.isStale()).toBe(true)
  await watch.freshen()
  expect(watch.isStale()).toBe(false)
})

test('what was not read for so long that changes may have come and gone is told anew, whole', async () => {
  const told = record()
  databaseMs += 1_830_000
  await watch.catchUp()
  expect(told).toHaveLength(1)
  databaseMs += 1_830_001
  await watch.catchUp()
  expect(told.slice(1)).toEqual([{ revisions: [1], reset: true }])
  expect(asked.at(-1)).toBeNull()
})

test('one that cannot read says so once, serves until it is stale, and recovers by itself', async () => {
  failure = new Error('down')
  await expect(watch.catchUp()).rejects.toBe(failure)
  hint()
  await settled(() => failures.length === 1)
  expect(watch.isStale()).toBe(false)
  mono += MAX_STALENESS_MS + 1
  const readings = asked.length
  await expect(watch.freshen()).rejects.toThrow(StoreUnavailableError)
  expect(asked.length).toBe(readings)
  failure = undefined
  await settled(() => !watch.isStale())
  expect(failures).toHaveLength(1)
})

test('where a change of its own cannot be read, nothing is served until a reading succeeds', async () => {
  failure = new StoreUnavailableError('away')
  await expect(watch.catchUp()).rejects.toBe(failure)
  expect(watch.isStale()).toBe(false)
  await expect(watch.catchUpWithOwn()).rejects.toBe(failure)
  expect(watch.isStale()).toBe(true)
  await expect(watch.freshen()).rejects.toThrow(StoreUnavailableError)
  failure = undefined
  await settled(() => !watch.isStale())
})

test('the lease of the node and of those who are connected follow what is in force, and end with them', async () => {
  const held = watch.holdLease({ holder: 'guard', kind: 'verifier', name: 'ihvr_1', revision: 0 })
  await settled(() => renewed.length === 2)
  expect(renewed[0]).toEqual({ holder: 'node', name: 'of a test', kind: 'node', revision: 1 })
  changes.push(change(2))
  await watch.catchUp()
  held.acknowledge(2)
  held.acknowledge(1)
  await settled(() => renewed.every((lease) => lease.revision === 2))
  held.release()
  expect(ended).toEqual(['guard'])
  await watch.close()
  expect(ended).toEqual(['guard', 'node'])
})

test('a node that cannot renew its lease goes on reading, and renews it when it can', async () => {
  await settled(() => renewed.length === 1)
  renewed = []
  renewalFailure = new Error('disk full')
  mono += 1_000
  watch.holdLease({ holder: 'guard', kind: 'verifier', name: 'ihvr_1', revision: 0 })
  await settled(() => failures.length === 1)
  changes.push(change(2))
  await settled(() => watch.revision === 2)
  expect(renewed).toEqual([])
  renewalFailure = undefined
  mono += 1_000
  await settled(() => renewed.length === 2)
})

test('while nothing happens a reading renews the leases, and nothing else is asked', async () => {
  await settled(() => renewed.length === 1)
  const readings = asked.length
  renewed = []
  mono += 1_000
  await settled(() => renewed.length === 1)
  expect(asked.length).toBe(readings + 1)
})
