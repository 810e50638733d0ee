import { expect, test } from 'vitest'
import {
  BEAT_MS,
  type Beating,
  FIRST_SILENCE_MS,
  SILENCE_MS,
  watchHeartbeats,
} from '../../src/workers/heartbeat.ts'

interface FakeWorker extends Beating {
  beat(): void
}

function createWorker(): FakeWorker {
  let hear = () => {}
  return {
    onBeat(given) {
      hear = given
    },
    beat: () => hear(),
  }
}

function startWatch() {
  let now = 70_000
  let look = () => {}
  const hung: { worker: FakeWorker; silentMs: number }[] = []
  const watch = watchHeartbeats<FakeWorker>(
    () => now,
    (worker, silentMs) => hung.push({ worker, silentMs }),
    (given) => {
      look = given
      return () => {}
    },
  )
  /** The supervisor looks each second, before it reads what was said meanwhile. */
  const pass = (ms: number, beating: readonly FakeWorker[] = []) => {
    for (let passed = 0; passed < ms; passed += BEAT_MS) {
      now += BEAT_MS
      look()
      for (const worker of beating) worker.beat()
    }
  }
  const standStill = (ms: number) => {
    now += ms
    look()
  }
  return { watch, hung, pass, standStill }
}

test('a worker that says nothing for ten seconds hangs, which is told once, and one that beats does not', () => {
  const { watch, hung, pass } = startWatch()
  const [stuck, well] = [createWorker(), createWorker()]
  watch.add(stuck)
  watch.add(well)
  pass(3 * BEAT_MS, [stuck, well])
  pass(SILENCE_MS, [well])
  expect(hung).toEqual([])
  pass(BEAT_MS, [well])
  expect(hung).toEqual([{ worker: stuck, silentMs: SILENCE_MS + BEAT_MS }])
  stuck.beat()
  pass(3 * FIRST_SILENCE_MS, [well])
  expect(hung).toHaveLength(1)
})

test('a worker that starts is given a minute for its first word', () => {
  const { watch, hung, pass } = startWatch()
  watch.add(createWorker())
  pass(FIRST_SILENCE_MS)
  expect(hung).toEqual([])
  pass(BEAT_MS)
  expect(hung).toHaveLength(1)
})

test('one that has ended is not missed', () => {
  const { watch, hung, pass } = startWatch()
  const worker = createWorker()
  watch.add(worker)
  pass(BEAT_MS, [worker])
  watch.remove(worker)
  worker.beat()
  pass(10 * SILENCE_MS)
  expect(hung).toEqual([])
})

test('a supervisor that stood still itself takes nobody for hung before it has listened again', () => {
  const { watch, hung, pass, standStill } = startWatch()
  const [stuck, well] = [createWorker(), createWorker()]
  watch.add(stuck)
  watch.add(well)
  pass(BEAT_MS, [stuck, well])
  standStill(10 * SILENCE_MS)
  expect(hung).toEqual([])
  pass(SILENCE_MS + BEAT_MS, [well])
  expect(hung.map(({ worker }) => worker)).toEqual([stuck])
})
