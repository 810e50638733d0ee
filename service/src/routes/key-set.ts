import { JSON_CONTENT_TYPE, KEY_SET_PATH } from '@interhuman-auth/protocol'
import { KEY_SET_MAX_AGE_SECONDS } from '../signing-keys.ts'
import type { Route } from './route.ts'

const HEADERS = {
  'Content-Type': JSON_CONTENT_TYPE,
  'Cache-Control': `public, max-age=${KEY_SET_MAX_AGE_SECONDS}`,
  'Access-Control-Allow-Origin': '*',
}

/**
 * `GET /.well-known/jwks.json`: the public signing keys (RFC 7517), for anyone, in a browser too.
 *
 * @param keySet the body as it is now.
 */
export function keySetRoute(keySet: () => string): Route {
  return {
    method: 'GET',
    load: 'uncounted',
    path: KEY_SET_PATH,
    handler: () => ({ headers: HEADERS, body: keySet() }),
  }
}
