import {
  ERRORS,
  IDEMPOTENCY_KEY_HEADER,
  IDEMPOTENCY_REPLAYED_HEADER,
  JSON_CONTENT_TYPE,
} from '@interhuman-auth/protocol'
import { type AdminTokenLookups, authenticateAdmin } from '../../admin-token.ts'
import { ApiError } from '../../api-error.ts'
import { isKeyId } from '../../key-format.ts'
import type { Store } from '../../store/store.ts'
import { authorizeBearer } from '../authorize-bearer.ts'
import { refuseCredentialInQuery } from '../credential-in-query.ts'
import type { Route, RouteRequest, RouteResponse } from '../route.ts'
import { toAdminError } from './admin-error.ts'
import { checkBody, readChangeBody } from './body.ts'
import { changeOnce } from './change-once.ts'
import { credentialChanges, credentialReads } from './credentials.ts'
import type { AdminHandlers, ChangeId, ReadId } from './handlers.ts'
import { keyChanges, keyReads } from './keys.ts'
import { ADMIN_OPERATIONS, type AdminOperation, type AdminOperationId } from './operations.ts'
import { parseQuery } from './query.ts'
import { type TokenReadDependencies, tokenChanges, tokenReads } from './tokens.ts'
import { usageReads } from './usage.ts'

/** What the operator's API needs from outside. */
export interface AdminDependencies extends AdminTokenLookups {
  readonly store: Store
  readonly tokenIdKey: TokenReadDependencies['tokenIdKey']
  readonly signingKeyTools: Parameters<typeof tokenChanges>[1]
  readonly randomBytes: Parameters<typeof keyChanges>[0]
  /** Resolves when this process goes by what was changed. */
  applied(id: ChangeId): Promise<void>
}

/** The route table of the operator's API: every operation, each behind an admin token (our contract, section 10). */
export function createAdminRoutes(dependencies: AdminDependencies): readonly Route[] {
  const { randomBytes, tokenIdKey, signingKeyTools } = dependencies
  const handlers: AdminHandlers = {
    reads: {
      ...keyReads(dependencies),
      ...credentialReads(dependencies),
      ...tokenReads(dependencies),
      ...usageReads(dependencies),
    },
    changes: {
      ...keyChanges(randomBytes),
      ...credentialChanges(randomBytes),
      ...tokenChanges(tokenIdKey, signingKeyTools),
    },
  }
  return Object.entries(ADMIN_OPERATIONS).map(([id, operation]: [string, AdminOperation]) => ({
    method: operation.method,
    path: operation.path,
    // Whoever runs the service comes in when it is full; a guessed token is slowed like any other.
    load: 'free',
    readBody: operation.method === 'GET' ? noBody : readChangeBody,
    authorize: (request) => authorize(request, dependencies),
    handler: (request) =>
      operation.method === 'GET'
        ? answerRead(request, id as ReadId, handlers)
        : answerChange(request, id as ChangeId, handlers, dependencies),
  }))
}

async function noBody(): Promise<undefined> {}

/** The one place where anybody is let in. */
async function authorize(request: RouteRequest, lookups: AdminTokenLookups): Promise<void> {
  refuseCredentialInQuery(request.target)
  const { adminTokenId, name } = await authorizeBearer(request, (text) => authenticateAdmin(text, lookups))
  request.actor = `admin:${adminTokenId} ${name}`
  if (isKeyId(request.parameters.key_id)) request.keyId = request.parameters.key_id
}

async function answerRead(
  request: RouteRequest,
  id: ReadId,
  { reads }: AdminHandlers,
): Promise<RouteResponse> {
  const view = await reads[id]({ ...readAsked(request, id), body: undefined })
  if (view === undefined) throw new ApiError(ERRORS.adminSubjectAbsent)
  return answer(200, view)
}

async function answerChange(
  request: RouteRequest,
  id: ChangeId,
  { changes }: AdminHandlers,
  dependencies: AdminDependencies,
): Promise<RouteResponse> {
  const operation: AdminOperation = ADMIN_OPERATIONS[id]
  checkBody(request.body, operation.request ?? 'NoFields')
  const asked = { ...readAsked(request, id), body: request.body }
  const { actor, clientAddress: origin } = request
  // Without it nobody was authorized.
  if (actor === undefined) throw new ApiError(ERRORS.credentialAbsent)
  const by = { actor, origin, now: dependencies.now() }
  const key = request.headers[IDEMPOTENCY_KEY_HEADER.toLowerCase()]
  const idempotencyKey = Array.isArray(key) ? key.join() : key
  try {
    const outcome = await changeOnce(
      { id, change: changes[id], asked, by, idempotencyKey },
      dependencies.store,
    )
    const { view, secret, repeated, secretAlreadyShown } = outcome
    // A secret is in this answer only, so that nothing that goes wrong behind the change may keep it back.
    await dependencies.applied(id).catch((error: unknown) => {
      if (secret === undefined) throw error
    })
    const body = secretAlreadyShown ? { ...view, secret_already_shown: true } : showSecret(view, secret)
    return answer(operation.status ?? 200, body, repeated ? { [IDEMPOTENCY_REPLAYED_HEADER]: 'true' } : {})
  } catch (error) {
    throw toAdminError(error)
  }
}

function readAsked(request: RouteRequest, id: AdminOperationId) {
  const { query = [] }: AdminOperation = ADMIN_OPERATIONS[id]
  return { parameters: request.parameters, query: parseQuery(request.target, query) }
}

function showSecret(view: object, secret: { readonly name: string; readonly value: string } | undefined) {
  if (secret === undefined) return view
  const [id, ...rest] = Object.entries(view)
  return Object.fromEntries([id ?? [], [secret.name, secret.value], ...rest])
}

function answer(status: number, view: object, headers: Readonly<Record<string, string>> = {}): RouteResponse {
  const common = { 'Content-Type': JSON_CONTENT_TYPE, 'Cache-Control': 'no-store' }
  return { status, headers: { ...common, ...headers }, body: JSON.stringify(view) }
}
