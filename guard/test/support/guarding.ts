import { STREAM_SCOPE, UPLOAD_SCOPE } from '@interhuman-auth/protocol'
import { expect } from 'vitest'
import type { Denied } from '../../src/denial.ts'
import { createGuard, type DenialOptions, type Protect } from '../../src/protect.ts'
import type { VerifierOptions } from '../../src/verify.ts'
import { claims, compact, es256, ISSUER, NOW, sourceOf } from './signing.ts'

export const key = es256()
export const token = compact(key)
export const streamToken = compact(key, claims({ scope: STREAM_SCOPE }))
export const CORRELATION_ID = '00000000-0000-4000-8000-000000000001'
export const UPLOAD_URL = 'https://video.example.com/v0/upload/analyze'
export const STREAM_URL = 'https://video.example.com/v0/stream/analyze'

export function guard(changes: Partial<VerifierOptions & DenialOptions> = {}): Protect {
  return createGuard({
    issuer: ISSUER,
    keys: sourceOf(key),
    now: () => NOW * 1000,
    acceptClientTokens: true,
    newCorrelationId: () => CORRELATION_ID,
    ...changes,
  })
}

export const upload = (headers: Record<string, string> | [string, string][] = {}, url = UPLOAD_URL) =>
  guard()(new Request(url, { method: 'POST', headers }), UPLOAD_SCOPE)

export function expectDenied(
  decision: unknown,
  status: number,
  error: Denied['error'],
  reason: Denied['reason'],
  challenge?: string,
): void {
  expect(decision).toMatchObject({ granted: false, status, error, reason })
  const { headers } = decision as Denied
  expect(headers['WWW-Authenticate']).toBe(challenge)
  expect(headers).toMatchObject({
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    'X-Correlation-ID': CORRELATION_ID,
  })
}

export const INVALID = 'Bearer error="invalid_token"'
