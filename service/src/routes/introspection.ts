import { INTROSPECTION_PATH, JSON_CONTENT_TYPE } from '@interhuman-auth/protocol'
import { requireParameters } from '../form-body.ts'
import { INTROSPECTION_REQUEST_SCHEMA, type IntrospectDependencies, introspect } from '../introspection.ts'
import { readFormBody } from '../request-body.ts'
import type { VerifierLookups } from '../verifier.ts'
import type { Route } from './route.ts'
import { takeForm } from './take-form.ts'
import { authorizeVerifier } from './verifier-credential.ts'

const HEADERS = { 'Content-Type': JSON_CONTENT_TYPE, 'Cache-Control': 'no-store', Pragma: 'no-cache' }

/** Nothing else is said of what is not good (RFC 7662 section 2.2). */
const INACTIVE = { headers: HEADERS, body: JSON.stringify({ active: false }) }

/** `POST /oauth2/introspect`: what a credential is good for now, told to verifiers only (RFC 7662; our contract, section 6). */
export function introspectionRoute(dependencies: IntrospectDependencies & VerifierLookups): Route {
  return {
    method: 'POST',
    load: 'uncounted',
    path: INTROSPECTION_PATH,
    async authorize(request) {
      const { verifierId } = await authorizeVerifier(request, dependencies)
      request.verifierId = verifierId
      request.actor = `verifier:${verifierId}`
    },
    readBody: readFormBody,
    async handler(request) {
      const form = takeForm(request)
      requireParameters(form, INTROSPECTION_REQUEST_SCHEMA.required)
      const good = await introspect(form.get('token') ?? '', dependencies, request)
      if (good === undefined) return INACTIVE
      request.keyId = good.client_id
      return { headers: HEADERS, body: JSON.stringify(good) }
    },
  }
}
