import { readFileSync } from 'node:fs'
import Schema from 'typebox/schema'
import {
  parseLogs,
  type RunningService,
  runService,
  startService,
} from '../../../test/support/start-service.ts'

/** What `docs/openapi.json` says of one operation of the operator's API. */
export interface DescribedOperation {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly changes: boolean
  readonly status: number
  /** Throws where a body is not the answer that is described. */
  checkAnswer(body: unknown): void
}

interface Operation {
  readonly operationId: string
  readonly responses: Readonly<Record<string, { content: Record<string, { schema: object }> }>>
}

const DOCUMENT = JSON.parse(readFileSync(new URL('../../../docs/openapi.json', import.meta.url), 'utf8')) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}

/** The operator's API as the document describes it. */
export const ADMIN_OPERATIONS: readonly DescribedOperation[] = Object.entries(DOCUMENT.paths)
  .filter(([path]) => path.startsWith('/admin/'))
  .flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => read(path, method, operation)),
  )

function read(path: string, method: string, { operationId, responses }: Operation): DescribedOperation {
  const status = responses[201] === undefined ? 200 : 201
  const schema = Schema.Compile(inline(responses[status]?.content['application/json']?.schema) as object)
  return {
    id: operationId,
    method: method.toUpperCase(),
    path,
    changes: method !== 'get',
    status,
    checkAnswer(body) {
      if (!schema.Check(body)) throw new Error(`${operationId}: ${JSON.stringify(schema.Errors(body)[1])}`)
    },
  }
}

/** Puts what a reference names in its place. */
function inline(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(inline)
  if (typeof schema !== 'object' || schema === null) return schema
  if ('$ref' in schema)
    return inline(DOCUMENT.components.schemas[String(schema.$ref).split('/').at(-1) ?? ''])
  return Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, inline(value)]))
}

/** A service with its operator's API, and an admin token for it. */
export interface AdminService {
  readonly service: RunningService
  /** Where the operator's API answers. */
  readonly url: string
  readonly token: string
  readonly tokenId: string
  /** Runs `interhuman-auth-service <args> --json` on its data folder. */
  command(...args: readonly string[]): Promise<Record<string, unknown>>
}

/** An answer of the operator's API. */
export interface AdminAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: what it is differs from operation to operation
  readonly body: any
}

/** Starts a service with its operator's API on a free port. */
export async function startAdminService(...args: readonly string[]): Promise<AdminService> {
  const service = await startService({ args: ['--admin-port', '0', ...args] })
  const listening = parseLogs(service.logs()).find((line) => line.event === 'listening')
  const command = async (...words: readonly string[]) => {
    const { code, stdout, stderr } = await runService([...words, '--json', '--data-dir', service.dataDir])
    if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}: ${stderr}`)
    return JSON.parse(stdout) as Record<string, unknown>
  }
  const made = await command('admin-tokens', 'create', '--name', 'of a test')
  return {
    service,
    url: String(listening?.admin),
    token: String(made.admin_token),
    tokenId: String(made.admin_token_id),
    command,
  }
}

/** Sends one request. */
export async function ask(
  url: string,
  method: string,
  path: string,
  {
    token,
    body,
    headers = {},
  }: { token?: string | undefined; body?: unknown; headers?: Record<string, string> },
): Promise<AdminAnswer> {
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(20_000),
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: text === '' ? null : JSON.parse(text),
  }
}
