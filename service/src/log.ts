import { destination, type Logger, pino, stdSerializers } from 'pino'

/** The structured log: one JSON object a line on standard error. */
export type Log = Pick<Logger, 'info' | 'warn' | 'error' | 'isLevelEnabled' | 'flush'>

/** How long a line may stay in memory, in milliseconds, and how much of it, in bytes. */
const FLUSH_MS = 100
const BUFFER_BYTES = 4096

/** What standard error's reader may lag behind before lines are dropped, in bytes. */
const MAX_BUFFER_BYTES = 8 * 1024 * 1024

const STANDARD_ERROR = 2

/** What a log needs to be opened. */
export interface LogOptions {
  readonly level: string
}

/** Opens the log. Lines are written in batches; {@link closeLog} writes what is left. */
export function openLog(options: LogOptions): { readonly log: Log; closeLog(): void } {
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
    closeLog() {
      try {
        stream.flushSync()
      } catch {
        // Standard error is gone; there is nowhere to say so.
      }
    },
  }
}
