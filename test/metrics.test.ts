import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { ERRORS, METRICS_PATH } from '@interhuman-auth/protocol'
import { expect, test } from 'vitest'
import { createTestDatabase } from './support/create-test-database.ts'
import { startNode } from './support/start-node.ts'
import { parseLogs, startService } from './support/start-service.ts'
import { tellImports } from './support/tell-imports.ts'

test('a running service tells what it does at an address of its own, and never what a client sent', async () => {
  const env = tellImports('prom-client', '@opentelemetry/sdk', '@opentelemetry/exporter')
  const service = await startService({ args: ['--metrics-port', '0'], env })
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
    // Nothing of what no setting asks for is loaded; prom-client itself has a use for OpenTelemetry's interfaces.
    expect(service.logs()).toContain('imports:prom-client')
    expect(service.logs()).not.toContain('imports:@opentelemetry/')
    for (const secret of ['LEAK', service.keyId, service.keySecret]) expect(text).not.toContain(secret)
  } finally {
    expect(await service.stop()).toBe(0)
  }
})

test('every metric, error id and route that the alert rules and the dashboard name is one of a running service', async () => {
  const read = (file: string) => readFileSync(new URL(`../deploy/${file}`, import.meta.url), 'utf8')
  const named = read('prometheus/alerts.yml') + read('grafana/dashboard.json')
  const database = await createTestDatabase()
  const node = await startNode({
    INTERHUMAN_AUTH_DATABASE_URL: database.url,
    INTERHUMAN_AUTH_MASTER_KEY: randomBytes(32).toString('base64url'),
    INTERHUMAN_AUTH_METRICS_PORT: '0',
  })
  try {
    await fetch(`${node.url}/v1/auth`, { method: 'POST' })
    const { metrics } = node.logs().find(({ event }) => event === 'listening') ?? {}
    const text = await (await fetch(`${metrics}${METRICS_PATH}`)).text()
    const shown = new Set([...text.matchAll(/^([a-z_0-9]+)/gm)].map(([, name]) => name))
    const metricNames = named.match(/\b(?:interhuman_auth|nodejs|process)_[a-z0-9_]+/g) ?? []
    expect(new Set(metricNames).size).toBeGreaterThan(12)
    expect([...new Set(metricNames)].filter((name) => !shown.has(name))).toEqual([])
    const ids: string[] = Object.values(ERRORS).map(({ id }) => id)
    for (const [, pattern] of named.matchAll(/error_id=(?:~)?\\?"([^"\\]+)/g))
      expect(ids.some((id) => new RegExp(`^(?:${pattern})$`).test(id))).toBe(true)
    const { paths } = (await (await fetch(`${node.url}/openapi.json`)).json()) as { paths: object }
    for (const [, pattern = ''] of named.matchAll(/route=~\\?"([^"\\]+)/g))
      for (const route of pattern.split('|'))
        expect(Object.keys(paths).some((path) => new RegExp(`^${route}$`).test(path))).toBe(true)
  } finally {
    await node.stop()
    await database.remove()
  }
})
