import { JSON_CONTENT_TYPE, KEY_SET_PATH, type KeySet } from '@interhuman-auth/protocol'
import type { Route } from './route.ts'

/** How long a checker may keep the key set, in seconds (our contract, section 3). */
const MAX_AGE_SECONDS = 300

const HEADERS = {
  'Content-Type': JSON_CONTENT_TYPE,
  'Cache-Control': `public, max-age=${MAX_AGE_SECONDS}`,
  'Access-Control-Allow-Origin': '*',
}

/** `GET /.well-known/jwks.json`: the public signing keys (RFC 7517), for anyone, in a browser too. */
export function keySetRoute(keySet: () => KeySet): Route {
  return {
    method: 'GET',
    path: KEY_SET_PATH,
    handler: () => ({ headers: HEADERS, body: JSON.stringify(keySet()) }),
  }
}
