import cluster, { type Worker } from 'node:cluster'
import type { WorkerAddress, WorkerEnd, WorkerProcess } from './supervise.ts'

// The two ends of a worker: what its supervisor holds, and what it holds itself. They speak in messages of two kinds.

interface ListeningMessage extends WorkerAddress {
  readonly kind: 'listening'
}

const STOP = { kind: 'stop' } as const

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
    stop() {
      // It may have ended meanwhile.
      if (worker.isConnected()) worker.send(STOP, () => {})
    },
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

/** Gives what this process has of its supervisor, `undefined` where it is no worker. */
export function findSupervisor(): Supervised | undefined {
  if (cluster.worker === undefined) return undefined
  const { worker } = cluster
  for (const signal of STOP_SIGNALS) process.on(signal, () => {})
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
