import cluster, { type Worker } from 'node:cluster'
import { BEAT_MS } from './heartbeat.ts'
import type { WorkerAddress, WorkerEnd, WorkerProcess } from './supervise.ts'

// The two ends of a worker: what its supervisor holds, and what it holds itself. They speak in messages of three kinds.

interface ListeningMessage extends WorkerAddress {
  readonly kind: 'listening'
}

const STOP = { kind: 'stop' } as const
const BEAT = { kind: 'beat' } as const

function isMessage(value: unknown, kind: string): boolean {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind
}

/** Starts a worker: this program again, with the same arguments and environment, behind the same port. */
export function forkWorker(): WorkerProcess {
  const worker: Worker = cluster.fork()
  const pid = worker.process.pid
  const listening = new Promise<WorkerAddress>((resolve) => {
    worker.on('message', (message: unknown) => {
      if (!isMessage(message, 'listening')) return
      const { url, issuer, admin } = message as ListeningMessage
      resolve({ url, issuer, admin })
    })
  })
  const ended = new Promise<WorkerEnd>((resolve) => {
    worker.once('exit', (code, signal) => resolve({ pid, code, signal }))
    // A fork that fails has no exit.
    worker.once('error', () => resolve({ pid, code: null, signal: null }))
  })
  return {
    pid,
    listening,
    ended,
    onBeat(hear) {
      worker.on('message', (message: unknown) => {
        if (isMessage(message, BEAT.kind)) hear()
      })
    },
    stop() {
      // It may have ended meanwhile.
      if (worker.isConnected()) worker.send(STOP, () => {})
    },
    // Not the cluster's own kill, which asks the worker to disconnect and waits for it.
    kill: () => void worker.process.kill('SIGKILL'),
  }
}

/** What a worker has of its supervisor. */
export interface Supervised {
  /** Counts up: a worker that takes another's place has a new one. */
  readonly id: number
  tellListening(address: WorkerAddress): void
  /** Calls once, when the supervisor says so, which may be before. */
  onStop(stop: () => void): void
  /** Lets this process end by itself: what it has of its supervisor would keep it up. */
  leave(): void
}

/** Signals that ask a program to end. They reach a whole group of processes, and it is the supervisor that answers them. */
export const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const

/** Says again and again that the event loop turns, as long as there is somebody to hear it. */
function keepBeating(): void {
  const beat = () => {
    // Who ends meanwhile hears of it by its own means.
    if (process.connected) process.send?.(BEAT, undefined, {}, () => {})
  }
  beat()
  setInterval(beat, BEAT_MS).unref()
}

/** Gives what this process has of its supervisor, `undefined` where it is no worker; who is one is heard by it from then on. */
export function findSupervisor(): Supervised | undefined {
  if (cluster.worker === undefined) return undefined
  const { worker } = cluster
  for (const signal of STOP_SIGNALS) process.on(signal, () => {})
  keepBeating()
  const stopAsked = new Promise<void>((resolve) => {
    process.on('message', (message: unknown) => {
      if (isMessage(message, STOP.kind)) resolve()
    })
  })
  return {
    id: worker.id,
    tellListening: (address) => process.send?.({ kind: 'listening', ...address }),
    onStop: (stop) => void stopAsked.then(stop),
    leave: () => void worker.disconnect(),
  }
}
