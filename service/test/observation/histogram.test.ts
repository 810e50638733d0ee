import fc from 'fast-check'
import { AggregatorRegistry, Histogram, Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { createHistogram, type Series } from '../../src/observation/histogram.ts'

const options = { name: 'a_duration_seconds', help: 'Of a test.', buckets: [0.001, 0.01, 0.5, 1, 10] }

function createBoth() {
  const [ours, theirs] = [new Registry(), new Registry()]
  const own = createHistogram(options, [ours])
  const known = new Histogram({ ...options, labelNames: ['route', 'status'], registers: [theirs] })
  return { ours, theirs, own, known }
}

const observations = fc.array(
  fc.tuple(
    fc.constantFrom('/v0/auth', '/a "quoted" \\ path'),
    fc.constantFrom('2xx', '4xx'),
    fc.oneof(fc.double({ min: 0, max: 20, noNaN: true }), fc.constantFrom(0, ...options.buckets)),
  ),
)

test('a scrape shows what one of prom-client’s own shows', async () => {
  await fc.assert(
    fc.asyncProperty(observations, async (observed) => {
      const { ours, theirs, own, known } = createBoth()
      const opened = new Map<string, Series>()
      own({ route: 'never observed', status: '2xx' })
      for (const [route, status, value] of observed) {
        const series = opened.get(route + status) ?? own({ route, status })
        opened.set(route + status, series)
        series.observe(value)
        known.labels(route, status).observe(value)
      }
      expect(await ours.metrics()).toBe(await theirs.metrics())
    }),
  )
})

test('several workers’ are added up like those of prom-client', async () => {
  const { ours, theirs, own, known } = createBoth()
  own({ route: '/v0/auth', status: '2xx' }).observe(0.2)
  known.labels('/v0/auth', '2xx').observe(0.2)
  const addUp = async (registry: Registry) => {
    const metrics = await registry.getMetricsAsJSON()
    return AggregatorRegistry.aggregate([metrics, structuredClone(metrics)]).metrics()
  }
  const added = await addUp(ours)
  expect(added).toBe(await addUp(theirs))
  expect(added).toContain('a_duration_seconds_count{route="/v0/auth",status="2xx"} 2')
})
