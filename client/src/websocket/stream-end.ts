import {
  INSUFFICIENT_SCOPE_ID,
  parseStreamError,
  STREAM_CLOSE_CODES,
  type StreamError,
} from '@interhuman-auth/protocol'
import { RefusalError } from '../response-error.ts'
import type { Listenable } from './listen.ts'

/** How a stream ended. */
export interface StreamEnd {
  /** The close code; 1005 if the close frame had none, 1006 if there was no close frame. */
  readonly code: number
  readonly reason: string
  /** Why the service ended it, if it said so. */
  readonly refusal: RefusalError | undefined
}

/** An error is a few hundred bytes; what is longer is a result. */
const LONGEST_ERROR = 16 * 1024

// Nobody was refused: 1000 to 1006 tell that a side was done, went away, or was cut off.
const isRefused = (code: number) => code > 1006

/** Watches a socket to its end. Never rejects. */
export function watchEnd(socket: Listenable): Promise<StreamEnd> {
  let last = ''
  socket.addEventListener('message', ({ data }: { data?: unknown }) => {
    last = typeof data === 'string' && data.length <= LONGEST_ERROR ? data : ''
  })
  return new Promise((resolve) => {
    socket.addEventListener('close', ({ code, reason }: { code: number; reason: string }) => {
      const error = parseStreamError(last)
      const status = isRefused(code) ? statusOf(code, error) : undefined
      const refusal =
        status === undefined
          ? undefined
          : new RefusalError({
              status,
              errorId: error?.errorId,
              correlationId: error?.correlationId,
              rawBody: error ? last : '',
              retryAfterSeconds: undefined,
            })
      resolve({ code, reason, refusal })
    })
  })
}

/** The status that the same refusal has over HTTP, as far as the id or the code says. */
function statusOf(code: number, error: StreamError | undefined): number | undefined {
  if (code === STREAM_CLOSE_CODES.unavailable) return 503
  if (error === undefined) return code === STREAM_CLOSE_CODES.insufficientScope ? 403 : undefined
  const { errorId } = error
  if (errorId === INSUFFICIENT_SCOPE_ID) return 403
  return { ih1: 500, ih2: 401, ih3: 429 }[errorId.slice(0, 3)] ?? 400
}
