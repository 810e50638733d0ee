/** How often a worker says that its event loop turns, in milliseconds. */
export const BEAT_MS = 1000

/** A worker that said nothing for so long hangs. Nothing that one does takes a fraction of it. */
export const SILENCE_MS = 10_000

/** The first word comes once the program is loaded, which a busy machine takes longer for. */
export const FIRST_SILENCE_MS = 60_000

/** Who is listened to. */
export interface Beating {
  /** Calls for each time that it says its event loop turns. */
  onBeat(hear: () => void): void
}

/** Listens to workers, and tells which of them hang. */
export interface HeartbeatWatch<Worker extends Beating> {
  /** Begins to listen to one that has just been started. */
  add(worker: Worker): void
  /** It has ended. */
  remove(worker: Worker): void
  /** Ends the watch. */
  close(): void
}

/**
 * Begins to look, each {@link BEAT_MS}.
 *
 * @param monotonicMs milliseconds from any fixed moment.
 * @param onHung hears once of each that hangs, and for how long nothing has been heard of it, in milliseconds.
 * @param every calls what it is given again and again. @returns what ends that.
 */
export function watchHeartbeats<Worker extends Beating>(
  monotonicMs: () => number,
  onHung: (worker: Worker, silentMs: number) => void,
  every: (look: () => void, ms: number) => () => void = repeat,
): HeartbeatWatch<Worker> {
  const heard = new Map<Worker, { lastMs: number; deadlineMs: number }>()
  let lookedMs = monotonicMs()

  const look = () => {
    const now = monotonicMs()
    const stoodStill = now - lookedMs >= 2 * BEAT_MS
    lookedMs = now
    for (const [worker, { lastMs, deadlineMs }] of heard) {
      // Who stood still itself, with the machine or without, has heard nobody: what they said is still to be read.
      if (stoodStill) heard.set(worker, { lastMs, deadlineMs: Math.max(deadlineMs, now + SILENCE_MS) })
      else if (now > deadlineMs) {
        heard.delete(worker)
        onHung(worker, now - lastMs)
      }
    }
  }
  const hear = (worker: Worker, silenceMs: number) => {
    const now = monotonicMs()
    heard.set(worker, { lastMs: now, deadlineMs: now + silenceMs })
  }
  const stop = every(look, BEAT_MS)
  return {
    add(worker) {
      hear(worker, FIRST_SILENCE_MS)
      worker.onBeat(() => {
        if (heard.has(worker)) hear(worker, SILENCE_MS)
      })
    },
    remove: (worker) => void heard.delete(worker),
    close: stop,
  }
}

function repeat(look: () => void, ms: number): () => void {
  const timer = setInterval(look, ms).unref()
  return () => clearInterval(timer)
}
