import { expect, test } from 'vitest'
import { startCollector } from './support/start-collector.ts'
import { startService } from './support/start-service.ts'
import { tellImports } from './support/tell-imports.ts'

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'

test('a running service traces an exchange with its look-up and its signature, and nothing secret', async () => {
  const collector = await startCollector()
  const service = await startService({
    env: {
      ...tellImports('prom-client', '@opentelemetry/'),
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-collector=LEAK%20LEAK',
      OTEL_SERVICE_NAME: 'auth',
    },
  })
  const exchange = (keySecret: string) =>
    fetch(`${service.url}/v0/auth`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', traceparent: `00-${TRACE_ID}-b7ad6b7169203331-01` },
      body: JSON.stringify({ key_id: service.keyId, key_secret: keySecret, scopes: ['interhumanai.upload'] }),
    })
  try {
    const issued = await exchange(service.keySecret)
    const { access_token: token } = (await issued.json()) as { access_token: string }
    const refused = await exchange('ih_live_LEAK')
    expect([issued.status, refused.status]).toEqual([200, 401])
    // What is left is sent at the end.
    expect(await service.stop()).toBe(0)
    const roots = collector.spans.filter(({ name }) => name === 'POST /v0/auth')
    expect(roots.map(({ attributes }) => attributes['interhuman_auth.correlation_id'])).toEqual([
      issued.headers.get('x-correlation-id'),
      refused.headers.get('x-correlation-id'),
    ])
    expect(roots.map(({ attributes }) => attributes['error.type'])).toEqual([undefined, 'ih2001'])
    const below = collector.spans.filter(({ parentSpanId }) => parentSpanId === roots[0]?.spanId)
    expect(below.map(({ name }) => name)).toEqual(['store findKeyCredentials', 'sign'])
    expect(new Set(collector.spans.map(({ traceId }) => traceId))).toEqual(new Set([TRACE_ID]))
    expect(collector.headers[0]?.['x-collector']).toBe('LEAK LEAK')
    // Nothing of what no setting asks for is loaded.
    expect(service.logs()).toContain('imports:@opentelemetry/api')
    expect(service.logs()).not.toContain('imports:prom-client')
    const sent = collector.bodies.join('') + service.logs()
    for (const secret of ['LEAK', service.keySecret, token]) expect(sent).not.toContain(secret)
  } finally {
    await service.kill()
    await collector.close()
  }
})
