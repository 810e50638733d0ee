import type { ServerResponse } from 'node:http'

/** An answer that is written bit by bit. */
export interface EventStream {
  /** Writes, unless it is over. @returns whether more may follow at once; else when it has drained. */
  write(text: string): boolean
  /** Calls each time when what was written has gone out. */
  onDrain(listener: () => void): void
  end(): void
  /** Ends it at once; what waits is dropped. */
  cut(): void
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
      if (response.destroyed || response.writableEnded) return false
      return text === '' || response.write(text)
    },
    onDrain: (listener) => response.on('drain', listener),
    end: () => response.end(),
    cut: () => response.destroy(),
    onClose: (listener) => response.once('close', listener),
  }
  response.flushHeaders()
  if (hasBody) body.start(stream)
  else stream.end()
  return stream
}
