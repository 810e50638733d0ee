import { createSecretKey } from 'node:crypto'
import { ERRORS, type ErrorRow, errorDialect } from '@interhuman-auth/protocol'
import { expect, test } from 'vitest'
import { createRoutes } from '../src/app.ts'
import { TOKEN_REQUEST_SCHEMA } from '../src/auth-request.ts'
import { CLIENT_TOKEN_REQUEST_SCHEMA } from '../src/client-token-request.ts'
import { CLIENT_TOKEN_REVOCATION_SCHEMA } from '../src/client-token-revocation-request.ts'
import { OAUTH_TOKEN_REQUEST_SCHEMA } from '../src/oauth-token-request.ts'
import { formatOpenApi } from '../src/openapi.ts'
import { ADMIN_OPERATIONS } from '../src/routes/admin/operations.ts'
import { ADMIN_REQUESTS } from '../src/routes/admin/requests.ts'

const ERROR_SCHEMAS = { v0: 'ErrorV0', v1: 'ErrorV1', oauth: 'ErrorOAuth' }

interface Operation {
  readonly operationId: string
  readonly requestBody?: { readonly content: Record<string, { schema: { $ref: string } }> }
  readonly responses: Record<string, { description: string; headers: object; content: object }>
}
interface Document {
  readonly openapi: string
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: { readonly schemas: Record<string, object> }
}

const written = formatOpenApi()
const document = JSON.parse(JSON.stringify(written)) as Document
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
)
const unused = () => {
  throw new Error('not called')
}
const routes = createRoutes({
  issuer: 'https://auth.test',
  issueToken: {
    admitKey: unused,
    drawQuota: unused,
    findKeyCredentials: unused,
    signAccessToken: unused,
    now: unused,
  },
  clientTokens: {
    admitKey: unused,
    drawQuota: unused,
    findKeyCredentials: unused,
    findKeyCredentialsBySecret: unused,
    signClientToken: unused,
    revokeToken: unused,
    tokenIdKey: createSecretKey(Buffer.alloc(32)),
    randomBytes: unused,
    now: unused,
  },
  checks: {
    issuer: 'https://auth.test',
    audience: 'https://auth.test',
    verificationKey: unused,
    isTokenRevoked: unused,
    findVerifierBySecret: unused,
  },
  feed: {
    feeds: { count: unused, hasRoom: unused, open: unused, acknowledge: unused },
    acknowledgeLease: unused,
    epoch: unused,
  },
  keySet: unused,
  ready: unused,
})

test('every route of the table is described, and nothing else is', () => {
  const described = operations.map(({ path, method }) => `${method.toUpperCase()} ${path}`)
  const ofAdmin = Object.values(ADMIN_OPERATIONS)
  const table = [...routes, ...ofAdmin].map((route) => `${route.method} ${route.path}`)
  expect(described.sort()).toEqual(table.sort())
})

test('the schema that checks a request is the very one in the document', () => {
  const { schemas } = (written as { components: { schemas: Record<string, object> } }).components
  expect(schemas.TokenRequest).toBe(TOKEN_REQUEST_SCHEMA)
  expect(schemas.OAuthTokenRequest).toBe(OAUTH_TOKEN_REQUEST_SCHEMA)
  expect(schemas.ClientTokenRequest).toBe(CLIENT_TOKEN_REQUEST_SCHEMA)
  expect(schemas.ClientTokenRevocation).toBe(CLIENT_TOKEN_REVOCATION_SCHEMA)
  for (const [name, schema] of Object.entries(ADMIN_REQUESTS)) expect(schemas[name]).toBe(schema)
  for (const [path, name] of [
    ['/v0/auth', 'TokenRequest'],
    ['/v1/auth', 'TokenRequest'],
    ['/v1/client_tokens', 'ClientTokenRequest'],
    ['/v1/client_tokens/revoke', 'ClientTokenRevocation'],
  ] as const) {
    const body = document.paths[path]?.post?.requestBody
    expect(body?.content['application/json']?.schema.$ref).toBe(`#/components/schemas/${name}`)
  }
})

test('every error that is named exists, under its own status', () => {
  const rows: readonly ErrorRow[] = Object.values(ERRORS)
  for (const { operation } of operations)
    for (const [status, { description }] of Object.entries(operation.responses))
      for (const named of description.match(/\bi[ah]\d{4}\b[^;]*/g) ?? []) {
        const row = rows.find(({ id }) => named.startsWith(id))
        expect(named).toBe(`${row?.id} ${row?.title}`)
        expect(Number(status)).toBe(row?.status)
      }
})

test('the exchange names every status of the specification and of the contract that it can answer with', () => {
  for (const path of ['/v0/auth', '/v1/auth', '/v1/client_tokens'])
    expect(Object.keys(document.paths[path]?.post?.responses ?? {})).toEqual([
      '200',
      '400',
      '401',
      '403',
      '408',
      '413',
      '422',
      '429',
      '431',
      '500',
      '503',
    ])
})

test('the errors of /v0 have the v0 body, those of /oauth2 the one of RFC 6749, all others the v1 body', () => {
  for (const { path, operation } of operations)
    for (const [status, { content }] of Object.entries(operation.responses))
      if (Number(status) >= 400) expect(JSON.stringify(content)).toContain(ERROR_SCHEMAS[errorDialect(path)])
})

test('every reference leads somewhere, and every schema is used', () => {
  const text = JSON.stringify(document)
  const references = [...text.matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name]) => name)
  expect([...new Set(references)].sort()).toEqual(Object.keys(document.components.schemas).sort())
})

test('every response has the correlation header, and every operation an id of its own', () => {
  for (const { operation } of operations)
    for (const { headers } of Object.values(operation.responses))
      expect(headers).toHaveProperty('X-Correlation-ID')
  expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length)
})
