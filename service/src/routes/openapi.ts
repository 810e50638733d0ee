import { JSON_CONTENT_TYPE, OPENAPI_PATH } from '@interhuman-auth/protocol'
import { formatOpenApi } from '../openapi.ts'
import type { Route } from './route.ts'

/** `GET /openapi.json`: the description of this interface, written from the schemas that check the requests. */
export function openApiRoute(): Route {
  const response = { headers: { 'Content-Type': JSON_CONTENT_TYPE }, body: JSON.stringify(formatOpenApi()) }
  return {
    method: 'GET',
    load: 'uncounted',
    path: OPENAPI_PATH,
    handler: () => response,
  }
}
