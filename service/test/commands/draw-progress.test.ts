import { expect, test } from 'vitest'
import { drawProgress } from '../../src/commands/draw-progress.ts'

const half = { what: 'imported', done: 1_234_567, of: 2_469_134, perSecond: 45_678.9 }

test('a bar says what, how much of it, how many and how fast', () => {
  expect(drawProgress(half, 100)).toBe(
    `imported  [${'='.repeat(20)}>${' '.repeat(19)}]   50 %  1,234,567 of 2,469,134  45,679/s`,
  )
})

test.each([100, 80, 60, 40, 30, 20, 10, 1])('it never fills a terminal of %i columns', (columns) => {
  for (const done of [0, 1, 2_469_133, 2_469_134, 3_000_000])
    expect(drawProgress({ ...half, done }, columns).length).toBeLessThan(columns)
})

test('it is full at the end, also where there was nothing to do', () => {
  expect(drawProgress({ ...half, done: half.of }, 80)).toContain('100 %')
  expect(drawProgress({ what: 'x', done: 0, of: 0, perSecond: undefined }, 80)).toContain('100 %')
})
