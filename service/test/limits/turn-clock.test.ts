import { expect, test } from 'vitest'
import { createTurnClock, INTERVAL_MS, TARGET_MS } from '../../src/limits/turn-clock.ts'

const MAX_MS = 1000

/** A loop whose turns take what they are told to. */
function startLoop(maxMs = MAX_MS) {
  let now = 50_000
  let end = () => {}
  const ends = { asked: 0 }
  const clock = createTurnClock(
    maxMs,
    () => now,
    (given) => {
      end = given
      ends.asked += 1
    },
  )
  const loop = {
    ends,
    rest(ms: number) {
      now += ms
    },
    /** A turn in which a request is taken up each millisecond. @returns how many milliseconds long they were taken. */
    turn(ms: number): number {
      let takenMs = -1
      for (let passed = 0; passed <= ms; passed++, now++) if (!clock.isTooLate(now)) takenMs = passed
      now--
      end()
      return takenMs
    },
    /** Turns of such a length without rest, for somewhat longer than an interval. */
    fill(ms: number) {
      for (let passed = 0; passed <= INTERVAL_MS + ms; passed += ms) loop.turn(ms)
    },
  }
  return loop
}

test('a burst is worked off: nothing of it is refused before a queue has stayed for an interval', () => {
  const loop = startLoop()
  expect(loop.turn(300)).toBe(300)
  expect(loop.turn(60)).toBe(60)
  expect(loop.turn(30)).toBe(30)
  expect(loop.turn(3)).toBe(3)
})

test('beyond what one turn may take at most it is refused, however calm it was', () => {
  const loop = startLoop(200)
  expect(loop.turn(300)).toBe(200)
  expect(loop.turn(3)).toBe(3)
})

test('once turn after turn was too long for an interval, a turn takes what fits the target, and its first request always', () => {
  const loop = startLoop()
  loop.fill(24)
  expect(loop.turn(24)).toBe(TARGET_MS)
  loop.fill(24)
  expect(loop.turn(24)).toBe(TARGET_MS)
})

test('one short turn ends that, and another interval must pass before it begins again', () => {
  const loop = startLoop()
  loop.fill(24)
  expect(loop.turn(8)).toBe(8)
  expect(loop.turn(24)).toBe(24)
  expect(loop.turn(24)).toBe(24)
  loop.fill(24)
  expect(loop.turn(24)).toBe(TARGET_MS)
})

test('a process that rests in between is not beyond what it can do, whatever its turns take', () => {
  const loop = startLoop()
  for (let count = 0; count < 40; count++) {
    expect(loop.turn(24)).toBe(24)
    loop.rest(6)
  }
})

test('what was before a silence decides nothing after it', () => {
  const loop = startLoop()
  loop.fill(24)
  loop.rest(10 * INTERVAL_MS)
  expect(loop.turn(60)).toBe(60)
  expect(loop.turn(60)).toBe(60)
})

test('where refusing takes most of a turn, a part of it still goes to what is taken, but never more than 20 ms', () => {
  const loop = startLoop()
  loop.fill(60)
  expect(loop.turn(60)).toBe(15)
  loop.turn(400)
  expect(loop.turn(400)).toBe(20)
})

test('who lets a turn take longer at most lets it take a hundredth of that while there is too much to do', () => {
  const loop = startLoop(3000)
  loop.fill(24)
  expect(loop.turn(24)).toBe(24)
  loop.fill(60)
  expect(loop.turn(60)).toBe(30)
})

test('a bound below the target is kept to', () => {
  const loop = startLoop(2)
  expect(loop.turn(24)).toBe(2)
  loop.fill(24)
  expect(loop.turn(24)).toBe(2)
})

test('the end of a turn is asked for once a turn, however many come', () => {
  const loop = startLoop()
  loop.turn(24)
  loop.turn(1)
  expect(loop.ends.asked).toBe(2)
})
