import { JSON_CONTENT_TYPE, LIVE_PATH, READY_PATH } from '@interhuman-auth/protocol'
import type { Route } from './route.ts'

const OK = JSON.stringify({ status: 'ok' })

/** `GET /health/live`: the process lives. */
export function liveRoute(): Route {
  return {
    method: 'GET',
    path: LIVE_PATH,
    handler(_request, reply) {
      reply.header('Content-Type', JSON_CONTENT_TYPE).header('Cache-Control', 'no-store')
      return OK
    },
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
    path: READY_PATH,
    async handler(_request, reply) {
      await ready()
      reply.header('Content-Type', JSON_CONTENT_TYPE).header('Cache-Control', 'no-store')
      return OK
    },
  }
}
