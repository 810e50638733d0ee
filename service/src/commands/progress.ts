import type { CommandContext } from '../command-group.ts'

/** How often a progress is told, in milliseconds. */
const TELL_MS = 1000

/** Tells on standard error how far something long has come. */
export interface Progress {
  tell(what: string, done: number, of: number): void
}

/** Makes a progress that is told once a second at most, so that what is short says nothing. */
export function createProgress({ runtime }: CommandContext): Progress {
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
