import { beforeEach, expect, test } from 'vitest'
import type { Lease } from '../../src/change.ts'
import { waitUntilInForce } from '../../src/operations/wait-until-in-force.ts'

const lease = (name: string, revision: number, kind: Lease['kind'] = 'node'): Lease => ({
  holder: `lease of ${name}`,
  kind,
  name,
  revision,
})

let nowMs: number
let looks: Lease[][]
const wait = (timeoutMs: number) =>
  waitUntilInForce(5, {
    store: { listLeases: async () => (looks.length > 1 ? looks.shift() : looks[0]) ?? [] },
    timeoutMs,
    monotonicMs: () => nowMs,
    async sleep(ms) {
      nowMs += ms
    },
  })

beforeEach(() => {
  nowMs = 0
})

test('it comes back when the last one has acknowledged', async () => {
  looks = [
    [lease('a', 5), lease('b', 4, 'verifier')],
    [lease('a', 6), lease('b', 5, 'verifier')],
  ]
  expect(await wait(1_000)).toEqual({ reached: [lease('a', 6), lease('b', 5, 'verifier')], missing: [] })
})

test('one whose lease has ended holds nobody up, and where nobody hears there is nothing to wait for', async () => {
  looks = [[lease('a', 5), lease('b', 4)], [lease('a', 5)]]
  expect((await wait(1_000)).missing).toEqual([])
  looks = [[]]
  expect(await wait(1_000)).toEqual({ reached: [], missing: [] })
})

test('after its time it says who is missing', async () => {
  looks = [[lease('a', 5), lease('b', 4)]]
  expect(await wait(1_000)).toEqual({ reached: [lease('a', 5)], missing: [lease('b', 4)] })
  expect(nowMs).toBe(1_000)
})
