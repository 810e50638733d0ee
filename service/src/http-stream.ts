import type { ServerResponse } from 'node:http'

/** How much of a stream its reader may lag behind before it is cut, in bytes. */
const MAX_LAG_BYTES = 16 * 1024 * 1024

/** An answer that is written bit by bit. */
export interface EventStream {
  /** Writes; a reader that lags too far behind is cut. */
  write(text: string): void
  end(): void
  /** Calls once when the stream is over, whoever ended it. */
  onClose(listener: () => void): void
}

/** What answers as a stream. */
export interface StreamedBody {
  start(stream: EventStream): void
}

/** Begins to answer as a stream, behind status and headers. A request for the head alone is answered with that. */
export function startStream(response: ServerResponse, hasBody: boolean, body: StreamedBody): EventStream {
  const stream: EventStream = {
    write(text) {
      if (text === '' || response.destroyed || response.writableEnded) return
      response.write(text)
      if (response.writableLength > MAX_LAG_BYTES) response.destroy()
    },
    end: () => response.end(),
    onClose: (listener) => response.once('close', listener),
  }
  response.flushHeaders()
  if (hasBody) body.start(stream)
  else stream.end()
  return stream
}
