import { afterEach, expect, test } from 'vitest'
import { type Collector, startCollector } from '../../../test/support/start-collector.ts'
import { observeStore } from '../../src/observation/observe-store.ts'
import { openTraces, type TraceOptions } from '../../src/observation/traces.ts'
import type { RequestRecord } from '../../src/request-record.ts'
import type { Store } from '../../src/store/store.ts'

let collector: Collector | undefined
afterEach(() => collector?.close())

async function open(options: Partial<TraceOptions> = {}, status?: number) {
  collector = await startCollector(status)
  let losses = 0
  const traces = openTraces({
    endpoint: collector.url,
    headers: { authorization: 'Bearer LEAK' },
    serviceName: 'auth',
    serviceVersion: '1.2.3',
    sampler: 'parentbased_always_on',
    ratio: 1,
    onLost: () => {
      losses += 1
    },
    ...options,
  })
  return { traces, collector, losses: () => losses }
}

const RECORD: RequestRecord = {
  method: 'POST',
  route: '/v0/auth',
  status: 200,
  correlationId: 'c-1',
  keyId: 'ihk_LEAK',
  clientRequestId: 'LEAK',
  errorId: undefined,
  ms: 1,
}
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const traceparent = (sampled: boolean) => `00-${TRACE_ID}-b7ad6b7169203331-${sampled ? '01' : '00'}`

test('a request goes on with the trace of its traceparent; the store and the signing are its children', async () => {
  const { traces, collector } = await open()
  const store = observeStore({ findApiKey: async () => undefined } as unknown as Store, traces.aroundStore)
  const sign = traces.traceCalls('sign', (text: string) => `${text}!`)
  const request = traces.openRequest({ traceparent: traceparent(true), authorization: 'Bearer LEAK' })
  await request.run(async () => {
    await store.findApiKey('LEAK')
    expect(sign('LEAK')).toBe('LEAK!')
  })
  request.end(RECORD)
  await traces.close()
  const [find, signed, root] = collector.spans
  expect(collector.spans.map(({ name }) => name)).toEqual(['store findApiKey', 'sign', 'POST /v0/auth'])
  expect(root).toMatchObject({ traceId: TRACE_ID, parentSpanId: 'b7ad6b7169203331', kind: 2, failed: false })
  for (const child of [find, signed])
    expect(child).toMatchObject({ traceId: TRACE_ID, parentSpanId: root?.spanId, attributes: {} })
  expect(root?.attributes).toEqual({
    'http.request.method': 'POST',
    'http.route': '/v0/auth',
    'http.response.status_code': 200,
    'interhuman_auth.correlation_id': 'c-1',
  })
  expect(collector.resource).toEqual({ 'service.name': 'auth', 'service.version': '1.2.3' })
  expect(collector.headers[0]?.authorization).toBe('Bearer LEAK')
  expect(collector.bodies.join('')).not.toContain('LEAK')
})

test('what fails is marked by its kind alone, and thrown on as it is', async () => {
  const { traces, collector } = await open()
  const error = new TypeError('LEAK')
  const store = observeStore({ ping: () => Promise.reject(error) } as unknown as Store, traces.aroundStore)
  const request = traces.openRequest({})
  await request.run(() => expect(store.ping()).rejects.toBe(error))
  request.end({ ...RECORD, route: null, status: 503, errorId: 'ih1003' })
  await traces.close()
  expect(collector.spans).toMatchObject([
    { name: 'store ping', failed: true, attributes: { 'error.type': 'TypeError' } },
    { name: 'POST', failed: true, attributes: { 'error.type': 'ih1003' } },
  ])
  expect(collector.bodies.join('')).not.toContain('LEAK')
})

test.each([
  ['parentbased_always_on', false, 0],
  ['parentbased_always_off', true, 1],
  ['parentbased_traceidratio', true, 1],
  ['always_on', false, 1],
  ['always_off', true, 0],
  ['traceidratio', true, 0],
] as const)('with %s a parent that says sampled=%s gives %i spans', async (sampler, sampled, count) => {
  const { traces, collector } = await open({ sampler, ratio: 0 })
  traces.openRequest({ traceparent: traceparent(sampled) }).end(RECORD)
  await traces.close()
  expect(collector.spans).toHaveLength(count)
})

test.each(['LEAK', '00-0-0-01', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`, ''])(
  'a traceparent that is none begins a trace of its own: %j',
  async (header) => {
    const { traces, collector } = await open()
    traces.openRequest({ traceparent: header }).end(RECORD)
    await traces.close()
    expect(collector.spans).toMatchObject([{ name: 'POST /v0/auth' }])
    expect(collector.spans[0]?.parentSpanId).toBeUndefined()
    expect(collector.bodies.join('')).not.toContain('LEAK')
  },
)

test('without a request nothing of the store is traced', async () => {
  const { traces, collector } = await open()
  await observeStore({ ping: async () => undefined } as unknown as Store, traces.aroundStore).ping()
  await traces.close()
  expect(collector.spans).toEqual([])
})

test('what a collector does not take in time is dropped: the queue has a bound', async () => {
  const { traces, collector } = await open()
  for (let count = 0; count < 10_000; count++) traces.openRequest({}).end(RECORD)
  await traces.close()
  expect(collector.spans.length).toBeGreaterThan(0)
  expect(collector.spans.length).toBeLessThan(3000)
})

test('a collector that refuses is told of once, and disturbs nothing', async () => {
  const { traces, losses } = await open({}, 400)
  traces.openRequest({}).end(RECORD)
  await traces.close()
  expect(losses()).toBe(1)
})
