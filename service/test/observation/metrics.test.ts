import { ERRORS, METRICS_PATH } from '@interhuman-auth/protocol'
import { expect, test } from 'vitest'
import type { Change } from '../../src/change.ts'
import { createMetricsServer } from '../../src/http-metrics.ts'
import { createMetrics } from '../../src/observation/metrics.ts'
import { observeStore, timeOperations } from '../../src/observation/observe-store.ts'
import type { RequestRecord } from '../../src/request-record.ts'
import type { Store } from '../../src/store/store.ts'
import { StoreUnavailableError } from '../../src/store/store-error.ts'

const request = (record: Partial<RequestRecord>): RequestRecord => ({
  method: 'POST',
  route: '/v0/auth',
  status: 200,
  correlationId: 'LEAK',
  clientRequestId: 'LEAK',
  keyId: 'ihk_LEAK',
  errorId: undefined,
  ms: 3,
  ...record,
})

/** The samples of a scrape, by their name with its labels. */
async function scrape(metrics = createMetrics('1.2.3')): Promise<Map<string, number>> {
  const { text } = await metrics.format()
  expect(text).not.toContain('LEAK')
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  )
}

test('a token is counted by its endpoint, an answer by its route and class, a refusal by its id', async () => {
  const metrics = createMetrics('1.2.3')
  metrics.observeRequest(request({}))
  metrics.observeRequest(request({ route: '/v1/client_tokens' }))
  metrics.observeRequest(request({ status: 401, errorId: ERRORS.invalidCredentials.id }))
  metrics.observeRequest(request({ route: null, status: 404, errorId: 'ia9009' }))
  metrics.observeRequest(request({ route: '/openapi.json' }))
  metrics.observeRequest(request({ status: 0 }))
  const samples = await scrape(metrics)
  const count = (labels: string) => samples.get(`interhuman_auth_request_duration_seconds_count{${labels}}`)
  expect(samples.get('interhuman_auth_tokens_issued_total{endpoint="/v0/auth"}')).toBe(1)
  expect(samples.get('interhuman_auth_tokens_issued_total{endpoint="/v1/client_tokens"}')).toBe(1)
  expect(samples.get('interhuman_auth_tokens_issued_total{endpoint="/v1/auth"}')).toBe(0)
  expect(samples.get('interhuman_auth_requests_refused_total{error_id="ih2001"}')).toBe(1)
  expect(samples.get('interhuman_auth_requests_refused_total{error_id="ih1003"}')).toBe(0)
  expect(count('route="/v0/auth",status="2xx"')).toBe(1)
  expect(count('route="/v0/auth",status="4xx"')).toBe(1)
  expect(count('route="/v0/auth",status="aborted"')).toBe(1)
  expect(count('route="none",status="4xx"')).toBe(1)
  expect(
    samples.get('interhuman_auth_request_duration_seconds_bucket{le="0.005",route="/v0/auth",status="2xx"}'),
  ).toBe(1)
})

test('no label is anything that a client sent, whatever a record holds', async () => {
  const metrics = createMetrics('1.2.3')
  metrics.observeRequest(request({ status: 401, errorId: 'LEAK', method: 'LEAK' }))
  metrics.observeRequest(request({ status: 999 }))
  await scrape(metrics)
})

test('an operation of the store is timed, and what it gives or throws is handed on as it is', async () => {
  const metrics = createMetrics('1.2.3')
  const down = new StoreUnavailableError('away')
  const refused = new TypeError('of the caller')
  const hearing = { close: async () => undefined }
  let clock = 0
  const store = observeStore(
    {
      findApiKey: async (keyId: string) => keyId,
      ping: () => Promise.reject(down),
      settle: () => {
        throw refused
      },
      hearChanges: () => hearing,
    } as unknown as Store,
    timeOperations(metrics.observeStore, () => (clock += 10)),
  )
  await expect(store.ping()).rejects.toBe(down)
  expect((await scrape(metrics)).get('interhuman_auth_store_up')).toBe(0)
  expect(await store.findApiKey('LEAK')).toBe('LEAK')
  await expect(store.settle('LEAK', 'LEAK')).rejects.toBe(refused)
  expect(store.hearChanges(() => undefined)).toBe(hearing)
  const samples = await scrape(metrics)
  const count = (labels: string) => samples.get(`interhuman_auth_store_duration_seconds_count{${labels}}`)
  expect(count('operation="ping",answered="no"')).toBe(1)
  expect(count('operation="findApiKey",answered="yes"')).toBe(1)
  expect(count('operation="settle",answered="yes"')).toBe(1)
  expect(
    samples.get('interhuman_auth_store_duration_seconds_sum{operation="findApiKey",answered="yes"}'),
  ).toBe(0.01)
  expect(samples.get('interhuman_auth_store_up')).toBe(1)
})

test('what a node knows of itself is asked for at each scrape, and the process tells of itself', async () => {
  const metrics = createMetrics('1.2.3')
  let age = 1
  metrics.watch({ signingKeyAgeSeconds: () => age })
  expect((await scrape(metrics)).get('interhuman_auth_signing_key_age_seconds')).toBe(1)
  age = 2
  const samples = await scrape(metrics)
  expect(samples.get('interhuman_auth_signing_key_age_seconds')).toBe(2)
  expect(samples.get('interhuman_auth_build_info{version="1.2.3"}')).toBe(1)
  expect(samples.has('nodejs_eventloop_lag_p99_seconds')).toBe(true)
  expect(samples.has('process_resident_memory_bytes')).toBe(true)
})

test('the lag of a change is from its writing to its being in force, and what was in force before is not counted', async () => {
  const metrics = createMetrics('1.2.3')
  const listeners: ((changes: readonly Change[], reset: boolean) => void)[] = []
  metrics.watch({
    changes: {
      ageMs: () => 1500,
      clockOffsetMs: -250,
      nowMs: () => 10_040,
      subscribe: (listener) => listeners.push(listener),
    },
    feedCount: () => 4,
    keyCache: () => ({ size: 3, hits: 2, misses: 1 }),
  })
  const change = { revision: 1, kind: 'key', subject: 'LEAK', generation: 1, at: 10, expiresAt: 99 } as const
  for (const listener of listeners) {
    listener([{ ...change, writtenAtMs: 1 }], true)
    listener([{ ...change, writtenAtMs: 10_000 }], false)
    listener([{ ...change, writtenAtMs: 10_041 }], false)
  }
  await metrics.format()
  expect(Object.fromEntries(await scrape(metrics))).toMatchObject({
    interhuman_auth_revocation_lag_seconds_count: 2,
    interhuman_auth_revocation_lag_seconds_sum: 0.04,
    interhuman_auth_store_seen_age_seconds: 1.5,
    interhuman_auth_clock_offset_seconds: -0.25,
    interhuman_auth_feeds: 4,
    interhuman_auth_key_cache_entries: 3,
    'interhuman_auth_key_cache_lookups_total{result="hit"}': 2,
    'interhuman_auth_key_cache_lookups_total{result="miss"}': 1,
  })
})

test('the server of the metrics answers GET and HEAD of its one path, and a failure without its cause', async () => {
  let format = async () => ({ contentType: 'text/plain; version=0.0.4', text: 'a 1\n' })
  const server = createMetricsServer({ format: () => format() })
  const url = `http://127.0.0.1:${await server.listen({ host: '127.0.0.1', port: 0 })}`
  try {
    const scraped = await fetch(url + METRICS_PATH)
    expect([scraped.status, await scraped.text()]).toEqual([200, 'a 1\n'])
    expect(scraped.headers.get('content-type')).toBe('text/plain; version=0.0.4')
    expect((await fetch(url + METRICS_PATH, { method: 'HEAD' })).status).toBe(200)
    expect((await fetch(url)).status).toBe(404)
    const posted = await fetch(url + METRICS_PATH, { method: 'POST', body: 'LEAK' })
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    format = () => Promise.reject(new Error('LEAK'))
    const failed = await fetch(url + METRICS_PATH)
    expect([failed.status, await failed.text()]).toEqual([500, 'the metrics cannot be read\n'])
  } finally {
    await server.close()
  }
})
