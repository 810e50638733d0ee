import { beforeEach, expect, test } from 'vitest'
import type { CommandContext } from '../../src/command-group.ts'
import { type Progress, withProgress } from '../../src/commands/progress.ts'

let nowMs: number
let messages: string[]
let written: string[]
beforeEach(() => {
  nowMs = 0
  messages = []
  written = []
})

function contextOf(columns?: number): CommandContext {
  const runtime = {
    monotonicMs: () => nowMs,
    writeMessage: (text: string) => messages.push(text),
    terminal: columns && { columns: () => columns, write: (text: string) => written.push(text) },
  }
  return { runtime } as unknown as CommandContext
}

const work = (steps: number, stepMs: number) => async (progress: Progress) => {
  for (let step = 1; step <= steps; step += 1) {
    nowMs += stepMs
    progress.tell('imported', step, steps)
  }
  return 'done'
}

test('without a terminal it is a line a second', async () => {
  expect(await withProgress(contextOf(), work(40, 100))).toBe('done')
  expect(messages).toEqual([
    'imported: 10 of 40',
    'imported: 20 of 40',
    'imported: 30 of 40',
    'imported: 40 of 40',
  ])
  expect(written).toEqual([])
})

test('on a terminal a bar is drawn in its place ten times a second, and gone at the end', async () => {
  await withProgress(contextOf(80), work(400, 10))
  expect(written.length).toBeGreaterThan(25)
  expect(written.length).toBeLessThan(35)
  for (const text of written) expect(text.startsWith('\r') && text.endsWith('\u001b[K')).toBe(true)
  expect(written.at(-2)).toContain(' of 400  100/s')
  expect(written.at(-1)).toBe('\r\u001b[K')
  expect(messages).toEqual([])
})

test('a bar is gone as well when the work fails', async () => {
  const failing = withProgress(contextOf(80), async (progress) => {
    await work(200, 10)(progress)
    throw new Error('it failed')
  })
  await expect(failing).rejects.toThrow('it failed')
  expect(written.at(-1)).toBe('\r\u001b[K')
})

test.each([undefined, 80])('what is over within a second says nothing (columns: %s)', async (columns) => {
  await withProgress(contextOf(columns), work(9, 100))
  expect([...messages, ...written]).toEqual([])
})
