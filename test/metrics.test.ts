import { METRICS_PATH } from '@interhuman-auth/protocol'
import { expect, test } from 'vitest'
import { parseLogs, startService } from './support/start-service.ts'

test('a running service tells what it does at an address of its own, and never what a client sent', async () => {
  const service = await startService({ args: ['--metrics-port', '0'] })
  try {
    const { metrics } = parseLogs(service.logs()).find((line) => line.event === 'listening') ?? {}
    const post = (path: string, body: unknown) =>
      fetch(service.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    const credentials = { key_id: service.keyId, scopes: ['interhumanai.upload'] }
    expect((await post('/v0/auth', { ...credentials, key_secret: service.keySecret })).status).toBe(200)
    expect((await post('/v0/auth', { ...credentials, key_secret: 'ih_live_LEAK' })).status).toBe(401)
    expect((await post('/v0/LEAK?LEAK', {})).status).toBe(404)
    expect((await fetch(service.url + METRICS_PATH)).status).toBe(404)

    const text = await (await fetch(`${metrics}${METRICS_PATH}`)).text()
    expect(text).toContain('interhuman_auth_tokens_issued_total{endpoint="/v0/auth"} 1\n')
    expect(text).toContain('interhuman_auth_requests_refused_total{error_id="ih2001"} 1\n')
    expect(text).toContain('interhuman_auth_requests_refused_total{error_id="ia9009"} 2\n')
    expect(text).toContain('interhuman_auth_store_up 1\n')
    expect(text).toMatch(/^interhuman_auth_store_duration_seconds_count\{operation="findKeyCredentials"/m)
    expect(text).toMatch(/^interhuman_auth_store_seen_age_seconds \d/m)
    expect(text).toMatch(/^interhuman_auth_signing_key_age_seconds \d+$/m)
    for (const secret of ['LEAK', service.keyId, service.keySecret]) expect(text).not.toContain(secret)
  } finally {
    expect(await service.stop()).toBe(0)
  }
})
