import { destination, type Logger, pino, stdSerializers } from 'pino'

/** The structured log: one JSON object a line on standard error. */
export type Log = Pick<Logger, 'info' | 'warn' | 'error' | 'isLevelEnabled' | 'flush'>

/** How long a line may stay in memory, in milliseconds, and how much of it, in bytes. */
const FLUSH_MS = 100
const BUFFER_BYTES = 16_000

/** What standard error's reader may lag behind before lines are dropped, in bytes. */
const MAX_BUFFER_BYTES = 8 * 1024 * 1024

const STANDARD_ERROR = 2

/** What a log needs to be opened. */
export interface LogOptions {
  readonly level: string
}

/** Opens the log. Lines are written in batches; `closeLog` resolves when what is left is written, or nobody reads it. */
export function openLog(options: LogOptions): { readonly log: Log; closeLog(): Promise<void> } {
  const stream = destination({
    dest: STANDARD_ERROR,
    sync: false,
    minLength: BUFFER_BYTES,
    maxLength: MAX_BUFFER_BYTES,
    periodicFlush: FLUSH_MS,
  })
  // A reader that has gone away must not end the service.
  stream.on('error', () => {})
  const log = pino(
    {
      level: options.level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (level) => ({ level }) },
      serializers: { error: stdSerializers.err },
    },
    stream,
  )
  return {
    log,
    // Not by a synchronous flush: that one tries for ever where the reader has gone away.
    closeLog: () =>
      new Promise((resolve) => {
        stream.once('error', () => resolve())
        stream.once('close', () => resolve())
        stream.end()
      }),
  }
}
