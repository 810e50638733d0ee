import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { type Answer, compare, isShed, type Want } from '../../bench/mix/expect.mjs'
import { untouched, wantedOf } from '../../bench/mix/subjects.mjs'

// The benchmark's mix of right and wrong requests, in short: what it shows at length is that no answer is wrong.

const BENCH = fileURLToPath(new URL('../../bench/run.mjs', import.meta.url))

test('a mix of right and wrong requests at two nodes gets no wrong answer, on kept connections and on new ones', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [BENCH, 'mix', '--short'], {
    timeout: 300_000,
  })
  const [, wrong, requests] = /\*\*Wrong answers: (\d+)\*\* of ([\d,]+) requests/.exec(stdout) ?? []
  expect(wrong).toBe('0')
  expect(Number(requests?.replace(',', ''))).toBeGreaterThan(500)
})

const WANT: Want = { status: 401, id: 'ih2001', dialect: 'v1' }
const CORRELATION_ID = '00000000-0000-4000-8000-000000000000'
const BODY = {
  error_id: 'ih2001',
  correlation_id: CORRELATION_ID,
  link: 'http://127.0.0.1/errors#ih2001-invalid-credentials',
  message: 'Unauthorized',
}

function answer(body: object = BODY, other: Partial<Answer> = {}): Answer {
  const headers = {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'x-correlation-id': CORRELATION_ID,
    ...other.headers,
  }
  return { status: 401, body: JSON.stringify(body), startedAt: 0, endedAt: 1, ...other, headers }
}

test('the one right answer is told from every other', () => {
  expect(compare(answer(), WANT).problem).toBeUndefined()
  const others = [
    answer({ ...BODY, error_id: 'ih2002' }),
    answer({ ...BODY, more: 1 }),
    answer({ ...BODY, link: 'http://127.0.0.1/errors' }),
    answer({ ...BODY, message: 'no' }),
    answer(BODY, { status: 200 }),
    answer(BODY, { status: 503 }),
    answer(BODY, { headers: { 'x-correlation-id': '10000000-0000-4000-8000-000000000000' } }),
    answer(BODY, { headers: { 'cache-control': 'private' } }),
    answer(BODY, { headers: { 'www-authenticate': 'Bearer' } }),
  ]
  for (const other of others) expect(compare(other, WANT).problem).toBeTypeOf('string')
  expect(
    compare(answer({ active: true }, { status: 200 }), { status: 200, active: null }).problem,
  ).toBeTypeOf('string')
})

test('only a 503 of the service’s own counts as shed', () => {
  const shed = { ...BODY, error_id: 'ih1003' }
  expect(isShed(answer(shed, { status: 503, headers: { 'retry-after': '1' } }))).toBe(true)
  expect(isShed(answer(shed, { status: 503 }))).toBe(false)
  expect(isShed(answer({}, { status: 503, headers: { 'retry-after': '1' } }))).toBe(false)
})

test('around a change both answers are right, before and behind it one', () => {
  const phase = { ...untouched(2), oldUntil: 100, newFrom: [110, 1610] }
  const between = (startedAt: number, endedAt: number, node: number) =>
    wantedOf(phase, answer(BODY, { startedAt, endedAt }), node)
  expect(between(90, 99, 0)).toBe('old')
  expect(between(99, 120, 0)).toBe('either')
  expect(between(111, 120, 0)).toBe('new')
  expect(between(111, 120, 1)).toBe('either')
  expect(between(1611, 1620, 1)).toBe('new')
  expect(wantedOf(untouched(2), answer(BODY, { startedAt: 1e9, endedAt: 2e9 }), 0)).toBe('old')
})
