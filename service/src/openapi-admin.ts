import {
  ERRORS,
  type ErrorRow,
  IDEMPOTENCY_KEY_HEADER,
  IDEMPOTENCY_REPLAYED_HEADER,
} from '@interhuman-auth/protocol'
import { COMMON_ERRORS, errorResponses, jsonContent, response } from './openapi-operation.ts'
import { TEXT } from './openapi-schemas.ts'
import { ADMIN_OPERATIONS, type AdminOperation } from './routes/admin/operations.ts'
import { QUERY_PARAMETERS } from './routes/admin/query.ts'

/** How the operator's API is authorized. */
export const ADMIN_SECURITY_SCHEMES = {
  adminToken: {
    type: 'http',
    scheme: 'bearer',
    description: "An admin token, made by the machine's command `admin-tokens create`.",
  },
} as const

const ADMIN_ERRORS = [
  ERRORS.credentialInQuery,
  ERRORS.queryInvalid,
  ERRORS.parameterRepeated,
  ERRORS.formMalformed,
  ERRORS.credentialAbsent,
  ERRORS.invalidCredentials,
  ERRORS.rateLimited,
  ERRORS.unavailable,
  ...COMMON_ERRORS,
]

const CHANGE_ERRORS = [
  ERRORS.bodyNotJson,
  ERRORS.bodyNotObject,
  ERRORS.wrongContentType,
  ERRORS.bodyTooLarge,
  ERRORS.fieldInvalid,
  ERRORS.idempotencyKeyMalformed,
  ERRORS.idempotencyKeyReused,
]

const IDEMPOTENCY_KEY = {
  name: IDEMPOTENCY_KEY_HEADER,
  in: 'header',
  required: false,
  schema: { type: 'string', pattern: '^[!-~]{1,255}$' },
  description:
    'Sent again within a day, the request is done once, and its answer comes again without a secret.',
}

/** Describes the paths of the operator's API, which answers at an address of its own (our contract, section 10). */
export function formatAdminPaths(): Readonly<Record<string, object>> {
  const operations: readonly (readonly [string, AdminOperation])[] = Object.entries(ADMIN_OPERATIONS)
  const byPath = Map.groupBy(operations, ([, { path }]) => path)
  return Object.fromEntries(
    [...byPath].map(([path, samePath]) => [
      path,
      Object.fromEntries(
        samePath.map(([id, operation]) => [operation.method.toLowerCase(), describe(id, operation)]),
      ),
    ]),
  )
}

function describe(operationId: string, operation: AdminOperation): object {
  const { summary, answer, status = 200 } = operation
  const changes = operation.method !== 'GET'
  return {
    operationId,
    summary,
    tags: ["operator's API"],
    servers: [{ url: '/', description: 'An address of its own: --admin-host and --admin-port.' }],
    security: [{ adminToken: [] }],
    parameters: describeParameters(operation),
    ...(changes && {
      requestBody: { required: false, content: jsonContent(operation.request ?? 'NoFields') },
    }),
    responses: {
      [status]: describeAnswer(answer, changes),
      ...errorResponses(errorsOf(operation), 'ErrorV1'),
    },
  }
}

function describeAnswer(answer: string, changes: boolean): object {
  const described = response('Done.', jsonContent(answer)) as { readonly headers: object }
  const replayed = { schema: { const: 'true' }, description: 'The same request came before.' }
  return changes
    ? { ...described, headers: { ...described.headers, [IDEMPOTENCY_REPLAYED_HEADER]: replayed } }
    : { ...described, description: 'What there is.' }
}

function describeParameters({ method, path, query = [] }: AdminOperation): readonly object[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: TEXT,
  }))
  const inQuery = query.map((name) => ({ name, in: 'query', required: false, ...QUERY_PARAMETERS[name] }))
  return [...inPath, ...inQuery, ...(method === 'GET' ? [] : [IDEMPOTENCY_KEY])]
}

function errorsOf({ method, path, errors = [] }: AdminOperation): readonly ErrorRow[] {
  return [
    ...(path.includes('{') ? [ERRORS.adminSubjectAbsent] : []),
    ...(method === 'GET' ? [] : CHANGE_ERRORS),
    ...errors,
    ...ADMIN_ERRORS,
  ].toSorted((one, other) => one.status - other.status)
}
