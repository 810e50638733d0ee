import { UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { describe, expect, it } from 'vitest'
import type { Denied } from '../src/denial.ts'
import { createGuard } from '../src/protect.ts'
import { CORRELATION_ID, guard, key, UPLOAD_URL, upload } from './support/guarding.ts'
import { compact, ISSUER, sourceOf } from './support/signing.ts'

describe('the body of a denial', () => {
  const v0 = {
    detail: 'Unauthorized: the request carries no credential.',
    status_code: 401,
    extra: {},
    error_id: 'ih2002',
    correlation_id: CORRELATION_ID,
    link: `${ISSUER}/errors#ih2002-no-credential`,
    message: 'Unauthorized: the request carries no credential.',
  }
  const { detail, status_code, extra, ...v1 } = v0

  it.each([
    ['/v0/upload/analyze', v0],
    ['/v0', v0],
    ['/v1/upload/analyze', v1],
    ['/v2/upload/jobs/7', v1],
    ['/v00/x', v1],
    ['/', v1],
    ['*', v1],
    ['', v1],
    ['//v0/x', v1],
    ['/x?/v0/', v1],
    ['/v0/x?a=b#c', v0],
    ['http://video.example.com/v0/x', v0],
    ['http://v0/v1/x', v1],
  ])('speaks the version of the path %j', async (url, body) => {
    const request = { method: 'POST', url, headers: new Headers() }
    expect(((await guard()(request, UPLOAD_SCOPE)) as Denied).body).toBe(JSON.stringify(body))
  })

  it('links to the page that the operator named', async () => {
    const request = new Request(UPLOAD_URL)
    const decision = await guard({ errorPage: 'https://docs.example.com/e' })(request, UPLOAD_SCOPE)
    expect((decision as Denied).body).toContain('"link":"https://docs.example.com/e#ih2002-no-credential"')
  })

  it('has a new UUID each time unless told', async () => {
    const protect = createGuard({ issuer: ISSUER, keys: sourceOf(key) })
    const ids = new Set<string>()
    for (let i = 0; i < 20; i++)
      ids.add(((await protect(new Request(UPLOAD_URL), UPLOAD_SCOPE)) as Denied).correlationId)
    expect(ids.size).toBe(20)
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })

  it('holds nothing that the caller sent', async () => {
    const url = `${UPLOAD_URL}?LEAK=LEAK`
    const headers = { 'X-Client-Request-Id': 'LEAK', 'X-Correlation-ID': 'LEAK' }
    for (const credential of [
      'Bearer LEAK',
      'Bearer LEAK LEAK',
      'Basic LEAK',
      `Bearer ${compact(key, { LEAK: 1 })}`,
    ])
      expect(JSON.stringify(await upload({ Authorization: credential, ...headers }, url))).not.toContain(
        'LEAK',
      )
  })
})
