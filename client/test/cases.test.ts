import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  type AccessToken,
  fromApiKey,
  RefusalError,
  readToken,
  requestToken,
  reuse,
  TransportError,
  UnexpectedResponseError,
} from '@interhuman-auth/client'
import { describe, expect, test } from 'vitest'
import { type ScriptedAnswer, startScriptedServer } from './support/scripted-server.ts'

/** The cases that the Python recipe's tests read as well. */
const file = fileURLToPath(new URL('../../docs/recipes/cases.json', import.meta.url))
const cases = JSON.parse(readFileSync(file, 'utf8')) as Cases

interface Cases {
  readonly request: Request
  readonly exchange: readonly ExchangeCase[]
  readonly addresses: readonly { readonly api_url: string; readonly outcome: string }[]
  readonly source: readonly SourceCase[]
}
interface Request {
  readonly key_id: string
  readonly key_secret: string
  readonly scopes: readonly string[]
  readonly api_version?: 'v0' | 'v1'
  readonly prefix?: string
}
interface ExchangeCase {
  readonly name: string
  readonly request?: Partial<Request>
  readonly answer: ScriptedAnswer
  readonly sent?: Readonly<Record<string, string>>
  readonly outcome: { readonly error?: object }
  /** What a platform's fetch says that cannot tell the difference. */
  readonly or_code?: string
}
interface SourceCase {
  readonly name: string
  readonly answers: readonly ScriptedAnswer[]
  readonly steps: readonly Step[]
}
interface Step {
  /** Seconds by which both clocks go on, or one of them. */
  readonly after?: number
  readonly monotonic?: number
  readonly wall?: number
  readonly drop?: string
  readonly min_validity_seconds?: number
  readonly gives?: string
  readonly error?: string
  readonly exchanges?: number
}

async function exchange(request: Request, apiUrl: string): Promise<unknown> {
  try {
    const { key_id: keyId, key_secret: keySecret, scopes, api_version: apiVersion } = request
    const token = await readToken(await requestToken({ keyId, keySecret, scopes, apiVersion, apiUrl }))
    const { value, expiresInSeconds, scopes: granted } = token
    return { token: { value, expires_in_seconds: expiresInSeconds, scopes: granted } }
  } catch (error) {
    return { error: describeError(error) }
  }
}

function describeError(error: unknown) {
  const known = [RefusalError, UnexpectedResponseError, TransportError].find((kind) => error instanceof kind)
  if (known === undefined) throw error
  const { code, retryable, status, errorId, correlationId, retryAfterSeconds } = error as RefusalError
  const seen = {
    class: known.name,
    code,
    retryable,
    status,
    error_id: errorId,
    correlation_id: correlationId,
  }
  return JSON.parse(JSON.stringify({ ...seen, retry_after_seconds: retryAfterSeconds })) as unknown
}

describe('the cases of docs/recipes/cases.json, at the client', () => {
  test.each(cases.exchange)(
    'an exchange: $name',
    async ({ request, answer, sent = {}, outcome, or_code }) => {
      const server = await startScriptedServer([answer])
      try {
        const whole = { ...cases.request, ...request }
        const other = or_code === undefined ? outcome : { error: { ...outcome.error, code: or_code } }
        expect([outcome, other]).toContainEqual(await exchange(whole, server.url + (whole.prefix ?? '')))
        expect(server.requests).toHaveLength(1)
        expect(server.requests[0]).toMatchObject({ method: 'POST', ...sent })
      } finally {
        await server.close()
      }
    },
  )

  test.each(cases.addresses)('an address: $api_url', async ({ api_url: apiUrl, outcome }) => {
    const { key_id: keyId, key_secret: keySecret, scopes } = cases.request
    const refused: unknown = await requestToken({ keyId, keySecret, scopes, apiUrl }).catch((error) => error)
    const seen = refused instanceof TypeError ? 'mistake' : (refused as TransportError).code
    expect(seen).toBe(outcome)
    expect(String(refused)).not.toContain('LEAK')
  })

  test.each(cases.source)('a source: $name', async ({ answers, steps }) => {
    const server = await startScriptedServer(answers)
    try {
      const source = startSource(server.url)
      for (const step of steps) {
        const {
          drop,
          min_validity_seconds: minValiditySeconds,
          after: _,
          monotonic: __,
          wall: ___,
          ...expected
        } = step
        source.goOn(step)
        if (drop !== undefined) source.drop(drop)
        else
          expect(
            { ...(await source.ask(minValiditySeconds)), exchanges: server.requests.length },
            JSON.stringify(step),
          ).toEqual(expected)
      }
    } finally {
      await server.close()
    }
  })
})

/** A reused source on clocks in the test's hand. */
function startSource(apiUrl: string) {
  const time = { now: 1_700_000_000_000, monotonicNow: 1_000_000 }
  const { key_id: keyId, key_secret: keySecret, scopes } = cases.request
  const tokens = new Map<string, AccessToken>()
  let underWay = 0
  const source = reuse(fromApiKey({ keyId, keySecret, scopes, apiUrl }), {
    clock: { now: () => time.now, monotonicNow: () => time.monotonicNow },
    random: () => 0.5,
    onEvent({ type }) {
      underWay += type === 'refresh_started' ? 1 : type === 'cache_hit' ? 0 : -1
    },
  })

  async function get(minValiditySeconds: number | undefined) {
    try {
      const token = await source.getToken({ minValiditySeconds })
      tokens.set(token.value, token)
      return { gives: token.value }
    } catch (error) {
      return { error: (error as RefusalError).code }
    }
  }

  return {
    goOn({ after = 0, monotonic = after, wall = after }: Step) {
      time.now += wall * 1000
      time.monotonicNow += monotonic * 1000
    },
    drop: (value: string) => source.drop(tokens.get(value) as AccessToken),
    async ask(minValiditySeconds: number | undefined) {
      const seen = await get(minValiditySeconds)
      do await new Promise((resolve) => setTimeout(resolve, 1))
      while (underWay > 0)
      return seen
    },
  }
}
