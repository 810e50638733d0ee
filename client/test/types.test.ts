import {
  type AccessToken,
  allowSecretInBrowser,
  type Clock,
  createFetch,
  type Fetch,
  type FromApiKeyOptions,
  fromApiKey,
  fromBackend,
  parseApiUrl,
  type RefusalCode,
  RefusalError,
  type ReusedTokenSource,
  type ReuseEvent,
  readToken,
  requestToken,
  reuse,
  type TokenSource,
  TransportError,
  type TransportErrorCode,
  type UnexpectedResponseError,
} from '@interhuman-auth/client'
import {
  type ClientTokenGrant,
  requestClientToken,
  respondWithClientToken,
} from '@interhuman-auth/client/backend'
import * as strict from '@interhuman-auth/client/strict'
import { createTestApi, createTestClock, type TestFailure } from '@interhuman-auth/client/testing'
import { openWebSocket, type StreamEnd, type WebSocketConstructor } from '@interhuman-auth/client/websocket'
import { describe, expectTypeOf, test } from 'vitest'
import { WebSocket as NodeWebSocket } from 'ws'

// What the compiler lets users write: it is `tsc -p tsconfig.check.json` that fails here. What `compiles` is given is
// never run.

const compiles = (_: () => unknown) => {}
declare const source: TokenSource
declare const token: AccessToken
const key = { keyId: 'ihk_x', keySecret: 'LEAK' }
const scopes = ['interhumanai.upload'] as const

describe('the main entry', () => {
  test('a token tells what is known of it, and none of it can be set', () => {
    expectTypeOf<AccessToken>().toExtend<{
      readonly value: string
      readonly raw: string
      readonly expiresAt: number
      readonly expiresInSeconds: number
      readonly scopes: readonly string[]
    }>()
    compiles(() => {
      // @ts-expect-error a token is not changed
      token.value = 'x'
      // @ts-expect-error nor what it is good for
      token.scopes.push('x')
      // @ts-expect-error what looks like a token is none: the parts are private
      const other: AccessToken = { ...token }
      return other
    })
  })

  test('every way to a token is a TokenSource, and only a reused one drops', () => {
    expectTypeOf(fromApiKey).returns.toEqualTypeOf<TokenSource>()
    expectTypeOf(fromBackend).returns.toEqualTypeOf<TokenSource>()
    expectTypeOf(reuse).returns.toEqualTypeOf<ReusedTokenSource>()
    expectTypeOf<ReusedTokenSource>().toExtend<TokenSource>()
    expectTypeOf<TokenSource['getToken']>().returns.resolves.toEqualTypeOf<AccessToken>()
    compiles(() => {
      source.getToken({ signal: AbortSignal.timeout(1), minValiditySeconds: 60 })
      source.getToken({ signal: undefined })
      // @ts-expect-error seconds are a number
      source.getToken({ minValiditySeconds: '60' })
      // @ts-expect-error a source that was not wrapped holds nothing to drop
      source.drop(token)
      reuse(reuse(source)).drop(token)
      // @ts-expect-error the token itself is dropped, not its text
      reuse(source).drop(token.value)
      // @ts-expect-error an object that gives texts is no source
      reuse({ getToken: async () => 'LEAK' })
    })
  })

  test('a key takes both its parts and scopes, and a browser only with the symbol', () => {
    expectTypeOf<FromApiKeyOptions['apiVersion']>().toEqualTypeOf<'v0' | 'v1' | undefined>()
    compiles(() => {
      fromApiKey({ ...key, scopes })
      fromApiKey({ ...key, scopes, [allowSecretInBrowser]: true, timeoutMs: undefined })
      // @ts-expect-error nothing but true
      fromApiKey({ ...key, scopes, [allowSecretInBrowser]: false })
      // @ts-expect-error a text in place of the symbol is no permission
      fromApiKey({ ...key, scopes, allowSecretInBrowser: true })
      requestToken({ ...key, scopes, [allowSecretInBrowser]: true })
      // @ts-expect-error nothing but true, here as well
      requestToken({ ...key, scopes, [allowSecretInBrowser]: false })
      // @ts-expect-error scopes are never guessed
      fromApiKey(key)
      // @ts-expect-error scopes are a list
      fromApiKey({ ...key, scopes: 'interhumanai.upload' })
      // @ts-expect-error an address is no version
      fromApiKey({ ...key, scopes, apiVersion: 'v2' })
      // @ts-expect-error a backend is given no secret
      fromBackend('/api/token', { keySecret: key.keySecret })
    })
  })

  test('requestToken hands back what the fetch that it was given hands back', () => {
    compiles(async () => {
      expectTypeOf(await requestToken({ ...key, scopes })).toEqualTypeOf<Response>()
      const own = { ...key, scopes, fetch: async () => ({ status: 200, body: new Uint8Array() }) }
      expectTypeOf((await requestToken(own)).body).toEqualTypeOf<Uint8Array<ArrayBuffer>>()
      // @ts-expect-error an answer has a status
      requestToken({ ...key, scopes, fetch: async () => ({ body: '' }) })
      expectTypeOf(await readToken(await requestToken({ ...key, scopes }))).toEqualTypeOf<AccessToken>()
      // @ts-expect-error a text is no answer
      readToken('{}')
    })
    expectTypeOf(parseApiUrl).toEqualTypeOf<(text: string) => string>()
  })

  test('createFetch makes what stands wherever fetch does', () => {
    expectTypeOf(createFetch).returns.toEqualTypeOf<Fetch>()
    expectTypeOf<typeof fetch>().toExtend<Fetch>()
    compiles(() => {
      createFetch(source, { origins: ['https://api.interhuman.ai'] })('https://api.interhuman.ai/x', {
        method: 'PUT',
      })
      // @ts-expect-error origins are a list
      createFetch(source, { origins: 'https://api.interhuman.ai' })
      // @ts-expect-error a token is no source: it would be carried until it is dead
      createFetch(token)
    })
  })

  test('the errors are told apart by their class and their code', () => {
    const read = (error: RefusalError | UnexpectedResponseError | TransportError) => {
      expectTypeOf(error.retryable).toEqualTypeOf<boolean>()
      expectTypeOf(error.status).toEqualTypeOf<number | undefined>()
      if (error instanceof RefusalError) {
        expectTypeOf(error.code).toEqualTypeOf<RefusalCode>()
        expectTypeOf(error.errorId).toEqualTypeOf<string | undefined>()
        expectTypeOf(error.retryAfterSeconds).toEqualTypeOf<number | undefined>()
        expectTypeOf(error.rawBody).toEqualTypeOf<string>()
      }
      if (error instanceof TransportError) expectTypeOf(error.code).toEqualTypeOf<TransportErrorCode>()
      // @ts-expect-error there is no such code
      return error.code === 'unknown_code'
    }
    expectTypeOf(read).returns.toEqualTypeOf<boolean>()
    expectTypeOf<RefusalError>().toExtend<Error>()
    expectTypeOf<UnexpectedResponseError['code']>().toEqualTypeOf<'unexpected_status' | 'unexpected_body'>()
  })

  test('events and clocks are what reuse takes', () => {
    expectTypeOf<ReuseEvent['type']>().toEqualTypeOf<
      'refresh_started' | 'refresh_done' | 'refresh_failed' | 'cache_hit'
    >()
    expectTypeOf<ReuseEvent>().not.toHaveProperty('token')
    compiles(() => {
      reuse(source, { clock: { now: Date.now, monotonicNow: () => performance.now() }, onEvent: console.log })
      // @ts-expect-error one clock of two is not enough
      reuse(source, { clock: { now: Date.now } })
    })
  })
})

describe('the other entries', () => {
  test('strict is the same exchange and nothing that is built on it', () => {
    expectTypeOf(strict.requestToken).toEqualTypeOf(requestToken)
    expectTypeOf(strict.TransportError).toEqualTypeOf(TransportError)
    expectTypeOf(strict.DEFAULT_TIMEOUT_MS).toBeNumber()
    expectTypeOf(strict).not.toHaveProperty('reuse')
  })

  test('a socket has the type of the constructor that was handed in', () => {
    expectTypeOf<typeof NodeWebSocket>().toExtend<WebSocketConstructor<NodeWebSocket>>()
    expectTypeOf<typeof WebSocket>().toExtend<WebSocketConstructor<WebSocket>>()
    compiles(async () => {
      const own = await openWebSocket(source, 'wss://x.example', { WebSocket: NodeWebSocket })
      expectTypeOf(own.socket).toEqualTypeOf<NodeWebSocket>()
      expectTypeOf(own.closed).resolves.toEqualTypeOf<StreamEnd>()
      const { socket } = await openWebSocket(source, 'wss://x.example')
      expectTypeOf(socket).toEqualTypeOf<WebSocket>()
      // @ts-expect-error there is no such dialect: a token is never in the query
      openWebSocket(source, 'wss://x.example', { dialect: 'query' })
    })
    expectTypeOf<StreamEnd['refusal']>().toEqualTypeOf<RefusalError | undefined>()
  })

  test('a backend says what a caller may have, and always answers', () => {
    expectTypeOf(respondWithClientToken).returns.resolves.toEqualTypeOf<Response>()
    compiles(async () => {
      const request = new Request('https://x.example')
      const grant: ClientTokenGrant = { scopes, expiresInSeconds: 60, caps: { maxVideoSeconds: 5 } }
      respondWithClientToken(request, { ...key, grant: () => grant })
      respondWithClientToken(request, { ...key, grant: async () => undefined })
      respondWithClientToken(request, { ...key, grant: () => new Response(null, { status: 429 }) })
      // @ts-expect-error without a sign-in check everybody would get a token
      respondWithClientToken(request, key)
      // @ts-expect-error a check that says yes says not what for
      respondWithClientToken(request, { ...key, grant: () => true })
      // @ts-expect-error a cap that nobody knows would not be held
      respondWithClientToken(request, { ...key, grant: () => ({ caps: { maxMinutes: 5 } }) })
      expectTypeOf(await requestClientToken(key)).toEqualTypeOf<Response>()
    })
  })

  test('the API for tests is taken wherever a fetch or a clock is', () => {
    const api = createTestApi({ clock: createTestClock(), lifetimeSeconds: 5 })
    expectTypeOf(api.fetch).toExtend<Fetch>()
    expectTypeOf(api.clock).toExtend<Clock>()
    expectTypeOf(api.addKey).returns.toEqualTypeOf<{ readonly keyId: string; readonly keySecret: string }>()
    expectTypeOf<'hang'>().toExtend<TestFailure>()
    compiles(() => {
      const made = fromApiKey({ ...api.addKey(['interhumanai.stream']), scopes, fetch: api.fetch })
      createFetch(reuse(made, { clock: api.clock }), { fetch: api.fetch })
      respondWithClientToken(new Request('https://x.example'), {
        ...key,
        fetch: api.fetch,
        grant: () => ({}),
      })
      // @ts-expect-error a scope of no key
      api.addKey(['interhumanai.admin'])
      // @ts-expect-error a failure that nobody knows
      api.failNext('explode')
      // @ts-expect-error what came is only read
      api.requests.push({ method: 'GET', path: '/' })
    })
  })
})
