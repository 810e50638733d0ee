/** One event of a stream (WHATWG HTML, server-sent events). */
export interface ServerSentEvent {
  /** The value of its `event` field; `message` where it has none. */
  readonly kind: string
  readonly data: string
  /** The id that this very event carries; one of an earlier event does not count here. */
  readonly id: string | undefined
}

/** The longest line that is taken, in characters. */
export const MAX_LINE_LENGTH = 8_192
/** The most data that one event may have, in characters. */
export const MAX_EVENT_LENGTH = 16_384

/** Takes the next bytes of a stream and gives the events that are whole by then. */
export type ReadEvents = (chunk: Uint8Array) => ServerSentEvent[]

/**
 * Reads an event stream in UTF-8: a byte order mark is skipped, lines end in LF, CR or CRLF, comments and unknown fields
 * are passed over, an event without data is none, and one that is cut off never comes. `retry` is not obeyed: how soon
 * somebody comes again is settled here.
 *
 * @returns a reader that throws an `Error`, which holds nothing of the stream, when a line or an event is longer than
 *   {@link MAX_LINE_LENGTH} and {@link MAX_EVENT_LENGTH} or the bytes are no UTF-8; it is of no use afterwards.
 * @see WHATWG HTML, section 9.2.6
 */
export function eventStreamReader(): ReadEvents {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let rest = ''
  const lineEnd = /\r\n?|\n/g
  let afterCarriageReturn = false
  let kind = ''
  let data: string[] = []
  let dataLength = 0
  let id: string | undefined

  function readField(line: string): void {
    const colon = line.indexOf(':')
    const name = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (name === 'event') kind = value
    else if (name === 'id' && !value.includes('\0')) id = value
    else if (name === 'data') {
      dataLength += value.length + 1
      if (dataLength > MAX_EVENT_LENGTH) throw new Error('the feed sent an event that is too long')
      data.push(value)
    }
  }

  function endEvent(): ServerSentEvent | undefined {
    const event = data.length === 0 ? undefined : { kind: kind || 'message', data: data.join('\n'), id }
    kind = ''
    data = []
    dataLength = 0
    id = undefined
    return event
  }

  function* splitLines(text: string): Generator<string> {
    let start = afterCarriageReturn && text.startsWith('\n') ? 1 : 0
    if (text !== '') afterCarriageReturn = text.endsWith('\r')
    lineEnd.lastIndex = start
    for (let end = lineEnd.exec(text); end !== null; end = lineEnd.exec(text)) {
      const line = rest + text.slice(start, end.index)
      rest = ''
      start = lineEnd.lastIndex
      yield line
    }
    rest += text.slice(start)
  }

  return function readEvents(chunk) {
    const events: ServerSentEvent[] = []
    for (const line of splitLines(decode(decoder, chunk))) {
      if (line.length > MAX_LINE_LENGTH) throw new Error('the feed sent a line that is too long')
      const event = line === '' ? endEvent() : readField(line)
      if (event !== undefined) events.push(event)
    }
    if (rest.length > MAX_LINE_LENGTH) throw new Error('the feed sent a line that is too long')
    return events
  }
}

function decode(decoder: InstanceType<typeof TextDecoder>, chunk: Uint8Array): string {
  try {
    return decoder.decode(chunk, { stream: true })
  } catch {
    throw new Error('the feed sent what is no UTF-8')
  }
}
