import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { feedAge, feedAgeByBothClocks } from '../src/feed-age.ts'

/** True time in ms, a node whose clock is `ahead` of it, and the age that is counted by a clock of ours. */
function measure(ahead = 1_000_000) {
  const world = { time: 500, ahead }
  const age = feedAge(() => world.time)
  const hear = (seenAt: number, sentAt: number) =>
    age.hear({ kind: 'heartbeat', seenAtMs: seenAt + world.ahead, sentAtMs: sentAt + world.ahead })
  return { world, age, hear }
}

describe('the age of a feed', () => {
  it('is infinite before the first heartbeat, and after a connection that brought none', () => {
    const { age } = measure()
    expect(age.read()).toBe(Number.POSITIVE_INFINITY)
    age.open()
    age.open()
    expect(age.read()).toBe(Number.POSITIVE_INFINITY)
  })

  it('counts from when the node last saw the database, and grows while that stands still', () => {
    const { world, age, hear } = measure()
    age.open()
    hear(300, 500)
    expect(age.read()).toBe(200)
    for (const time of [1_500, 2_500, 9_500]) {
      world.time = time
      hear(300, time)
      expect(age.read()).toBe(time - 300)
    }
  })

  it('takes the first heartbeat of a connection for as old as the request', () => {
    const { world, age, hear } = measure()
    age.open()
    world.time = 4_500
    hear(4_490, 4_490)
    expect(age.read()).toBe(4_000)
  })

  it('is not made smaller by a proxy that holds every heartbeat back', () => {
    const { world, age, hear } = measure()
    age.open()
    for (let sent = 600; sent < 30_000; sent += 1_000) {
      world.time = sent + 10_000
      hear(sent, sent)
      expect(age.read()).toBeGreaterThanOrEqual(10_000)
    }
  })

  it('goes on with what an earlier connection proved', () => {
    const { world, age, hear } = measure()
    age.open()
    hear(500, 500)
    world.time = 1_500
    age.open()
    expect(age.read()).toBe(1_000)
    world.time = 3_000
    expect(age.read()).toBe(2_500)
    hear(2_990, 2_990)
    expect(age.read()).toBe(1_500)
  })

  it('knows another node by another clock', () => {
    const { world, age, hear } = measure()
    age.open()
    hear(500, 500)
    world.time = 1_000
    world.ahead = -77_000
    age.open()
    hear(900, 1_000)
    expect(age.read()).toBe(100)
  })

  it('is never too small when the clock of the node is set: too large until the next connection if it is set back', () => {
    const { world, age, hear } = measure()
    age.open()
    hear(500, 500)
    world.time = 1_500
    world.ahead += 3_600_000
    hear(1_500, 1_500)
    expect(age.read()).toBe(0)
    world.ahead -= 7_200_000
    hear(1_500, 1_500)
    expect(age.read()).toBeGreaterThan(3_600_000)
    age.open()
    hear(1_500, 1_500)
    expect(age.read()).toBe(0)
  })

  it('believes no heartbeat that saw the database after it was sent', () => {
    const { world, age, hear } = measure()
    age.open()
    hear(900, 500)
    expect(age.read()).toBe(Number.POSITIVE_INFINITY)
    hear(500, 500)
    world.time = 8_000
    hear(9_000, 8_000)
    expect(age.read()).toBe(7_500)
  })

  it('is never smaller than the truth, whatever delays and connections there are', () => {
    const steps = fc.array(
      fc.record({
        opens: fc.boolean(),
        seenAgo: fc.nat(9_000),
        sentAgo: fc.nat(9_000),
        pause: fc.nat(5_000),
      }),
      { maxLength: 30 },
    )
    fc.assert(
      fc.property(steps, fc.integer({ min: -1e9, max: 1e9 }), (list, ahead) => {
        const { world, age, hear } = measure(ahead)
        world.time = 20_000
        age.open()
        let openedAt = world.time
        let seen = Number.NEGATIVE_INFINITY
        for (const { opens, seenAgo, sentAgo, pause } of list) {
          world.time += pause
          if (opens) {
            age.open()
            openedAt = world.time
          }
          const sentAt = Math.max(openedAt, world.time - sentAgo)
          hear(sentAt - seenAgo, sentAt)
          seen = Math.max(seen, sentAt - seenAgo)
          expect(age.read()).toBeGreaterThanOrEqual(world.time - seen)
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('by both clocks of the guard', () => {
  function both() {
    const clock = { monotonic: 0, wall: 1_800_000_000_000 }
    const age = feedAgeByBothClocks(
      () => clock.monotonic,
      () => clock.wall,
    )
    const pass = (ms: number) => {
      clock.monotonic += ms
      clock.wall += ms
    }
    let node = 5_000
    const beat = (ms: number) => {
      node += ms
      age.hear({ kind: 'heartbeat', seenAtMs: node, sentAtMs: node })
    }
    age.open()
    beat(0)
    return { clock, age, pass, beat }
  }

  it('the wall clock set back changes nothing', () => {
    const { clock, age, pass } = both()
    pass(1_000)
    clock.wall -= 3_600_000
    expect(age.read()).toBe(1_000)
    pass(4_000)
    expect(age.read()).toBe(5_000)
  })

  it('a machine that slept while its monotonic clock stood still knows that it is late', () => {
    const { clock, age } = both()
    clock.wall += 28_800_000
    expect(age.read()).toBe(28_800_000)
  })

  it('the wall clock set forward makes it too old, until the next connection measures anew', () => {
    const { clock, age, pass, beat } = both()
    clock.wall += 3_600_000
    pass(1_000)
    beat(1_000)
    expect(age.read()).toBe(3_600_000)
    age.open()
    beat(0)
    expect(age.read()).toBe(0)
  })
})
