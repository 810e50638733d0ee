import type { FastifyReply, FastifyRequest } from 'fastify'

/** One row of the route table. A handler gives back the body, or the reply where it sent one. */
export interface Route {
  readonly method: 'GET' | 'POST'
  readonly path: string
  handler(request: FastifyRequest, reply: FastifyReply): unknown
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The path of the route, or `undefined` where there is none. */
    route: string | undefined
    /** The id of the key that the request names, for the log. */
    keyId: string | undefined
    /** The id of the error that was answered, for the log. */
    errorId: string | undefined
    /** The status of the answer where it was written past the reply, for the log. */
    answeredStatus: number | undefined
  }
}
