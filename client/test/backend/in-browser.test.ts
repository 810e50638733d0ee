import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { requestClientToken, respondWithClientToken } from '../../src/backend/index.ts'
import { allowSecretInBrowser } from '../../src/index.ts'
import { createTestApi } from '../../src/testing/index.ts'

// The backend half in a page of a browser: it holds the secret, so it is refused there as the exchange is.

const api = createTestApi()
const key = { ...api.addKey(), fetch: api.fetch, grant: () => ({}), allowWithoutOrigin: true }
type Permission = { readonly [allowSecretInBrowser]?: true }

const headers = { 'Content-Type': 'application/json' }
const ask = () => new Request('https://app.example/token', { method: 'POST', headers, body: '{}' })
const asks: [string, (permission: object) => Promise<Response>][] = [
  ['requestClientToken', (permission: Permission) => requestClientToken({ ...key, ...permission })],
  [
    'respondWithClientToken',
    (permission: Permission) => respondWithClientToken(ask(), { ...key, ...permission }),
  ],
  [
    'respondWithClientToken, asked what it refuses anyway',
    (permission: Permission) =>
      respondWithClientToken(new Request('https://app.example/token'), { ...key, ...permission }),
  ],
]

beforeEach(() => {
  vi.stubGlobal('document', {})
  vi.stubGlobal('process', undefined)
})
afterEach(() => vi.unstubAllGlobals())

test.each(asks)(
  '%s refuses a secret before anything is sent, and says what to do instead',
  async (_, send) => {
    const before = api.requests.length
    for (const permission of [{}, { allowSecretInBrowser: true }, { [allowSecretInBrowser]: undefined }]) {
      const fault = await send(permission).then(
        () => expect.unreachable(),
        (reason: Error) => reason,
      )
      expect(fault).toBeInstanceOf(TypeError)
      expect(fault.message).toMatch(/keySecret in a browser.*fromBackend/)
    }
    expect(api.requests).toHaveLength(before)
  },
)

test.each(asks)('%s takes it with the symbol', async (name, send) => {
  const { status } = await send({ [allowSecretInBrowser]: true })
  expect(status).toBe(name.endsWith('anyway') ? 405 : 200)
})

test.each(asks)('%s takes it in a worker without a document', async (name, send) => {
  vi.stubGlobal('document', undefined)
  const { status } = await send({})
  expect(status).toBe(name.endsWith('anyway') ? 405 : 200)
})
