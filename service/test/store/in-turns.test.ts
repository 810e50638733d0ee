import { expect, test } from 'vitest'
import { inTurns } from '../../src/store/in-turns.ts'

test('between some rows and the next, whoever waits for the event loop has a turn', async () => {
  const rows = Array.from({ length: 1001 }, (_, index) => index)
  const worked: number[] = []
  let turns = 0
  const count = () => {
    turns += 1
    if (worked.length < rows.length) setImmediate(count)
  }
  setImmediate(count)
  const sizes: number[] = []
  await inTurns(rows, async (some) => {
    worked.push(...some)
    sizes.push(some.length)
  })
  expect(worked).toEqual(rows)
  expect(turns).toBeGreaterThanOrEqual(sizes.length - 1)
  expect(Math.max(...sizes)).toBeLessThan(rows.length / 2)
})
