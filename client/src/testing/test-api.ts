import {
  ACCESS_TOKEN_LIFETIME_SECONDS,
  API_VERSIONS,
  CLIENT_TOKEN_REVOCATION_PATH,
  CLIENT_TOKENS_PATH,
  ERRORS,
  errorDialect,
  findProtectedResource,
  type Scope,
  TOKEN_ENDPOINTS,
} from '@interhuman-auth/protocol'
import { answerClientToken } from './client-token.ts'
import { answerClientTokenRevocation } from './client-token-revocation.ts'
import { answerExchange } from './exchange.ts'
import { fail, type TestFailure } from './failure.ts'
import { answerProtected } from './protected-resource.ts'
import { toErrorResponse } from './refusal.ts'
import { createTestClock, type TestClock } from './test-clock.ts'
import { createTestKeys, type TestKey } from './test-keys.ts'

/** What {@link createTestApi} is told. */
export interface TestApiOptions {
  /** One of its own if absent. */
  readonly clock?: TestClock | undefined
  /** What access tokens live, in seconds; 900, the contract's, if absent. Client tokens live what is asked. */
  readonly lifetimeSeconds?: number | undefined
}

/** A request that came, without its body and its headers: those hold secrets. */
export interface TestRequest {
  readonly method: string
  readonly path: string
}

/** The API, inside the program of a test. */
export interface TestApi {
  /** To be handed in wherever a `fetch` is taken. Any host is this API. */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>
  readonly clock: TestClock
  /** Every request so far, the failed ones too. */
  readonly requests: readonly TestRequest[]
  addKey(scopes?: readonly Scope[]): TestKey
  /** From now on the key is refused, and so are its tokens. */
  revokeKey(keyId: string): void
  /** From now on this token is refused, as if it had been revoked. */
  endToken(token: string): void
  /** The next requests fail, in this order. */
  failNext(...failures: readonly TestFailure[]): void
  /** Requests wait until the function that this gives is called. */
  hold(): () => void
}

/**
 * Makes an API that speaks our contract inside the program: the exchange, client tokens and the protected resources, with
 * keys, scopes and expiry on a clock in the test's hand. It holds client tokens to their origins and counts nothing.
 * Nothing listens, and nothing is sent.
 *
 * @see Our contract, sections 1, 2, 4 and 5; the service and this one answer the same cases
 */
export function createTestApi(options: TestApiOptions = {}): TestApi {
  const { clock = createTestClock(), lifetimeSeconds = ACCESS_TOKEN_LIFETIME_SECONDS } = options
  const keys = createTestKeys(() => clock.now())
  const requests: TestRequest[] = []
  const failures: TestFailure[] = []
  let gate: Promise<void> | undefined
  const endpoints = new Map<string, (request: Request) => Promise<Response>>([
    ...API_VERSIONS.map((version) => {
      const exchange = (request: Request) => answerExchange(request, version, { keys, lifetimeSeconds })
      return [TOKEN_ENDPOINTS[version], exchange] as const
    }),
    [CLIENT_TOKENS_PATH, (request) => answerClientToken(request, keys)],
    [CLIENT_TOKEN_REVOCATION_PATH, (request) => answerClientTokenRevocation(request, keys)],
  ])

  const answer = (request: Request, path: string): Response | Promise<Response> => {
    const post = endpoints.get(path)
    if (post !== undefined)
      return request.method === 'POST'
        ? post(request)
        : toErrorResponse({ row: ERRORS.methodNotAllowed, headers: { Allow: 'POST' } }, errorDialect(path))
    const resource = findProtectedResource(path)
    return resource === undefined
      ? toErrorResponse({ row: ERRORS.notFound }, errorDialect(path))
      : answerProtected(request, resource, keys)
  }
  return {
    clock,
    requests,
    async fetch(input, init) {
      const request = new Request(input, init)
      request.signal.throwIfAborted()
      const path = new URL(request.url).pathname
      requests.push({ method: request.method, path })
      const failure = failures.shift()
      await gate
      request.signal.throwIfAborted()
      return failure === undefined ? answer(request, path) : fail(failure, request, errorDialect(path))
    },
    addKey: (scopes) => keys.add(scopes),
    revokeKey: (keyId) => keys.revoke(keyId),
    endToken: (token) => keys.end(token),
    failNext: (...more) => void failures.push(...more),
    hold() {
      const { promise, resolve } = withResolvers()
      gate = promise
      return resolve
    },
  }
}

function withResolvers() {
  let resolve = () => {}
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
