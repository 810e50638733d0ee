import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { type AccessToken, type GetTokenOptions, reuse, TransportError } from '../src/index.ts'
import { clockInHand, refusalOf, settle, tokenOf } from './support/source-in-hand.ts'

// Any order of calls, departures, answers, failures and clocks that somebody moves.

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      leaves: fc.boolean(),
      least: fc.constantFrom(undefined, 60, 600, 1e9),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('leave' as const), nth: fc.nat(20) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('give' as const),
      life: fc.constantFrom(0, 1, 8, 60, 900, 1e9),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('fail' as const), fault: fc.nat(5) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      seconds: fc.constantFrom(0.1, 2, 30, 200, 1000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('sleep' as const), seconds: fc.constantFrom(30, 1000) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('set' as const),
      seconds: fc.constantFrom(-86_400, 86_400, -5, 5),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const) }) },
)

const faults = [
  refusalOf(401),
  refusalOf(422),
  refusalOf(503, 1),
  new TransportError('network'),
  new Error('no'),
  undefined,
]

test('no spent token, no second flight, no rejection that nobody took, and nobody waits for ever', async () => {
  const forgotten: unknown[] = []
  const remember = (reason: unknown) => forgotten.push(reason)
  process.on('unhandledRejection', remember)
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 60 }), play), { numRuns: 300 })
  } finally {
    vi.useRealTimers()
    process.off('unhandledRejection', remember)
  }
  expect(forgotten).toEqual([])
})

async function play(
  steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[],
): Promise<void> {
  const clock = clockInHand()
  /** Both clocks: what a token may be given up to. */
  const ends = new Map<AccessToken, { wallMs: number; monotonicMs: number }>()
  const open = new Set<{
    started: [number, number]
    resolve(token: AccessToken): void
    reject(fault: unknown): void
  }>()
  let most = 0
  const source = {
    getToken: ({ signal }: GetTokenOptions = {}) =>
      new Promise<AccessToken>((resolve, reject) => {
        const call = { started: [clock.now(), clock.monotonicNow()] as [number, number], resolve, reject }
        open.add(call)
        most = Math.max(most, open.size)
        signal?.addEventListener('abort', () => {
          open.delete(call)
          reject(signal.reason)
        })
      }),
  }
  const reused = reuse(source, { clock, timeoutMs: 10_000 })
  const leavers: AbortController[] = []
  const waiting = new Set<Promise<void>>()
  let given: AccessToken | undefined
  const fresh = new Set<AccessToken>()

  const end = (
    act: (call: {
      started: [number, number]
      resolve(token: AccessToken): void
      reject(fault: unknown): void
    }) => void,
  ) => {
    for (const call of open) {
      open.delete(call)
      act(call)
    }
  }
  const give = (life: number) =>
    end(({ started, resolve }) => {
      const token = tokenOf(life)
      const lifeMs = Math.min(life, 86_400) * 1000
      ends.set(token, { wallMs: started[0] + lifeMs, monotonicMs: started[1] + lifeMs })
      fresh.add(token)
      resolve(token)
    })
  const pass = (seconds: number) => {
    clock.pass(seconds)
    vi.advanceTimersByTime(seconds * 1000)
  }

  for (const each of steps) {
    if (each.kind === 'ask') {
      const controller = new AbortController()
      if (each.leaves) leavers.push(controller)
      const asked = reused
        .getToken({ minValiditySeconds: each.least, ...(each.leaves && { signal: controller.signal }) })
        .then((token) => {
          given = token
          const { wallMs, monotonicMs } = ends.get(token) ?? { wallMs: 0, monotonicMs: 0 }
          const living = clock.now() < wallMs && clock.monotonicNow() < monotonicMs
          // What has just come is for those who waited for it, however short it lives.
          expect(living || fresh.has(token)).toBe(true)
        })
        .catch((fault: unknown) => {
          if (
            fault instanceof Error &&
            !faults.includes(fault) &&
            !(fault instanceof TransportError) &&
            fault.name !== 'AbortError'
          )
            throw fault
        })
        .finally(() => waiting.delete(asked))
      waiting.add(asked)
    } else if (each.kind === 'leave') leavers[each.nth % Math.max(1, leavers.length)]?.abort()
    else if (each.kind === 'give') give(each.life)
    else if (each.kind === 'fail') end(({ reject }) => reject(faults[each.fault]))
    else if (each.kind === 'pass') pass(each.seconds)
    else if (each.kind === 'sleep') clock.sleep(each.seconds)
    else if (each.kind === 'set') clock.set(each.seconds)
    else if (given) reused.drop(given)
    await settle()
    fresh.clear()
  }
  for (let turn = 0; turn < 10 && waiting.size > 0; turn += 1) {
    give(900)
    await settle()
    pass(5)
    await settle()
  }
  expect(waiting.size).toBe(0)
  give(900)
  await settle()
  expect(vi.getTimerCount()).toBe(0)
  expect(most).toBeLessThan(2)
}
