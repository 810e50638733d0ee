import type { EventStream } from './http-stream.ts'

/** How much of a feed may wait for a reader that is slow, in pieces, before it is cut. */
const MAX_WAITING = 10_000

/** Writes a feed in pieces, each when the one before has gone out. */
export interface FeedWriter {
  /** @param piece gives its text when its turn comes, so that little of what waits is in memory as text. */
  write(piece: () => string): void
  /** Whether something still waits. */
  isBehind(): boolean
}

/** Makes the writer of a stream; a reader that lags too far behind is cut. */
export function createFeedWriter(stream: EventStream): FeedWriter {
  const waiting: (() => string)[] = []
  let isFull = false

  function writeOn(): void {
    while (!isFull) {
      const piece = waiting.shift()
      if (piece === undefined) return
      isFull = !stream.write(piece())
    }
  }

  stream.onDrain(() => {
    isFull = false
    writeOn()
  })
  return {
    write(piece) {
      waiting.push(piece)
      writeOn()
      if (waiting.length > MAX_WAITING) stream.cut()
    },
    isBehind: () => isFull || waiting.length > 0,
  }
}
