import { type DestinationStream, destination, type Logger, pino, stdSerializers } from 'pino'

/** The structured log: one JSON object a line on standard error. */
export interface Log extends Pick<Logger, 'info' | 'warn' | 'error' | 'flush'> {
  /** Writes what `info` writes of fields that are texts, numbers, `null` or `undefined`, for less: every request has a line. */
  plain(fields: Readonly<Record<string, string | number | null | undefined>>): void
}

/** How long a line may stay in memory, in milliseconds, and how many characters of lines. */
const FLUSH_MS = 100
const BATCH_CHARACTERS = 16_384

/** What standard error's reader may lag behind before lines are dropped, in bytes. */
const MAX_BUFFER_BYTES = 8 * 1024 * 1024

/** What a pipe takes whole (POSIX, PIPE_BUF): so much is written at once where others write beside. */
const SHARED_BATCH_CHARACTERS = 4096

const STANDARD_ERROR = 2

/** What a log needs to be opened. */
export interface LogOptions {
  readonly level: string
  /** Which of several workers this process is, for each line to say. */
  readonly worker?: number | undefined
}

/** Opens the log. Lines are written in batches; `closeLog` resolves when what is left is written, or nobody reads it. */
export function openLog(options: LogOptions): { readonly log: Log; closeLog(): Promise<void> } {
  const { worker } = options
  const maxWrite = worker === undefined ? BATCH_CHARACTERS : SHARED_BATCH_CHARACTERS
  const stream = destination({ dest: STANDARD_ERROR, sync: false, maxLength: MAX_BUFFER_BYTES, maxWrite })
  // A reader that has gone away must not end the service; from then on pino's stream ignores whatever it is asked for.
  let readerGone = false
  stream.on('error', () => {
    readerGone = true
  })
  const batch = batchLines((text) => stream.write(text), maxWrite)
  return {
    log: createLog(options, batch),
    // Not by a synchronous flush: that one tries for ever where the reader has gone away.
    closeLog: () =>
      new Promise((resolve) => {
        if (readerGone) return resolve()
        stream.once('error', () => resolve())
        stream.once('close', () => resolve())
        batch.end()
        stream.end()
      }),
  }
}

/**
 * Makes a log that writes its lines to `batch`.
 *
 * @param now epoch milliseconds.
 */
export function createLog({ level, worker }: LogOptions, batch: DestinationStream, now = Date.now): Log {
  const timestamp = createTimestamp(now)
  const base = worker === undefined ? '' : `,"worker":${worker}`
  const log = pino(
    {
      level,
      base: worker === undefined ? null : { worker },
      timestamp,
      formatters: { level: (name) => ({ level: name }) },
      serializers: { error: stdSerializers.err },
    },
    batch,
  )
  const isOn = log.isLevelEnabled('info')
  return Object.assign(log, {
    plain(fields: object) {
      // pino puts a line together member by member, which costs three times this.
      if (isOn) batch.write(`{"level":"info"${timestamp()}${base},${JSON.stringify(fields).slice(1)}\n`)
    },
  })
}

/** The time of a line as pino wants it. Under load, several lines are of one millisecond. */
function createTimestamp(now: () => number): () => string {
  let lastMs = Number.NaN
  let text = ''
  return () => {
    const ms = now()
    if (ms !== lastMs) {
      lastMs = ms
      text = `,"time":"${new Date(ms).toISOString()}"`
    }
    return text
  }
}

/**
 * Gathers lines and writes them together. The destination could do so itself, but would copy all that it holds at each
 * line, which cost more than everything else about a line.
 */
function batchLines(write: (text: string) => void, maxCharacters: number) {
  let lines: string[] = []
  let characters = 0
  const flush = () => {
    if (characters === 0) return
    const text = lines.join('')
    lines = []
    characters = 0
    write(text)
  }
  const timer = setInterval(flush, FLUSH_MS).unref()
  return {
    write(line: string) {
      if (characters + line.length > maxCharacters) flush()
      lines.push(line)
      characters += line.length
    },
    flush,
    end() {
      clearInterval(timer)
      flush()
    },
  }
}
