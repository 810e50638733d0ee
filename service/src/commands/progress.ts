import type { CommandContext } from '../command-group.ts'
import type { Terminal } from '../runtime.ts'
import { drawProgress } from './draw-progress.ts'

/** How often a progress is told where there is no terminal, in milliseconds. */
const TELL_MS = 1000
/** How often it is drawn on a terminal, in milliseconds. */
const DRAW_MS = 100

/** Tells on standard error how far something long has come. */
export interface Progress {
  tell(what: string, done: number, of: number): void
}

/**
 * Does something long and tells how far it is: on a terminal by a bar that is drawn again in its place and gone at the end,
 * elsewhere by a line a second at most. What is over within a second says nothing.
 */
export async function withProgress<T>(
  { runtime }: CommandContext,
  work: (progress: Progress) => Promise<T>,
): Promise<T> {
  const { terminal } = runtime
  if (terminal === undefined) return work(lineProgress(runtime))
  const bar = barProgress(terminal, runtime)
  try {
    return await work(bar)
  } finally {
    bar.erase()
  }
}

type Clock = Pick<CommandContext['runtime'], 'monotonicMs'>

function lineProgress(runtime: Clock & Pick<CommandContext['runtime'], 'writeMessage'>): Progress {
  let toldAtMs = runtime.monotonicMs()
  return {
    tell(what, done, of) {
      const now = runtime.monotonicMs()
      if (now - toldAtMs < TELL_MS) return
      toldAtMs = now
      runtime.writeMessage(`${what}: ${done} of ${of}`)
    },
  }
}

function barProgress(terminal: Terminal, { monotonicMs }: Clock): Progress & { erase(): void } {
  let nextMs = monotonicMs() + TELL_MS
  let isDrawn = false
  // The rate is that of what is told now, from the first time on: an import that goes on began elsewhere.
  let from = { what: '', done: 0, ms: 0 }
  return {
    tell(what, done, of) {
      const now = monotonicMs()
      if (from.what !== what) from = { what, done, ms: now }
      if (now < nextMs) return
      nextMs = now + DRAW_MS
      isDrawn = true
      const perSecond = now > from.ms ? ((done - from.done) * 1000) / (now - from.ms) : undefined
      terminal.write(`\r${drawProgress({ what, done, of, perSecond }, terminal.columns())}\x1b[K`)
    },
    erase() {
      if (isDrawn) terminal.write('\r\x1b[K')
    },
  }
}
