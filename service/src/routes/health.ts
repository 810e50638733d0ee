import { JSON_CONTENT_TYPE, LIVE_PATH, READY_PATH } from '@interhuman-auth/protocol'
import type { Route, RouteResponse } from './route.ts'

const OK: RouteResponse = {
  headers: { 'Content-Type': JSON_CONTENT_TYPE, 'Cache-Control': 'no-store' },
  body: JSON.stringify({ status: 'ok' }),
}

/** `GET /health/live`: the process lives. */
export function liveRoute(): Route {
  return {
    method: 'GET',
    load: 'free',
    path: LIVE_PATH,
    handler: () => OK,
  }
}

/**
 * `GET /health/ready`: a token could be issued now.
 *
 * @param ready rejects when none could.
 */
export function readyRoute(ready: () => Promise<void>): Route {
  return {
    method: 'GET',
    load: 'free',
    path: READY_PATH,
    async handler() {
      await ready()
      return OK
    },
  }
}
