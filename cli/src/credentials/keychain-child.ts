import { readFileSync, writeSync } from 'node:fs'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import type { KeychainAction, KeychainAnswer } from './keychain.ts'

// The keychain's own process: one action, one line of JSON on standard output, and then its end, whatever hangs. A keychain
// that hangs does so inside a call, so the call is made on a thread of its own, and the clock is watched on this one.

const SERVICE = 'interhuman-auth'
const ACCOUNT = 'api-key'
/** How long the keychain may take for what it is asked; the time that a busy machine takes to start is not its own. */
const TIMEOUT_MS = 2000

/** What the thread says first: from now on it is the keychain's time. */
const READY = 'ready'

/** The package is not there, or not for this machine. */
class Absent extends Error {}

if (isMainThread) watch(process.argv[2] as KeychainAction)
else parentPort?.postMessage(await ask(workerData).catch(describe))

function watch(action: KeychainAction): void {
  const item = action === 'write' ? readFileSync(0, 'utf8') : ''
  const worker = new Worker(new URL(import.meta.url), { workerData: { action, item } })
  worker.on('message', (message: typeof READY | KeychainAnswer) => {
    if (message !== READY) return end(message)
    setTimeout(() => end({ problem: `it gave no answer within ${TIMEOUT_MS / 1000} s` }), TIMEOUT_MS)
  })
  worker.on('error', () => end({ problem: 'it cannot be used' }))
}

async function ask({ action, item }: { action: KeychainAction; item: string }): Promise<KeychainAnswer> {
  const { Entry } = await import('@napi-rs/keyring').catch(() => {
    throw new Absent()
  })
  parentPort?.postMessage(READY)
  // The other store of Linux is the kernel's, which forgets: a key must not be gone after a restart.
  const entry = new Entry(SERVICE, ACCOUNT, { linux: { store: 'secret-service' } })
  if (action === 'read') return { value: entry.getPassword() }
  if (action === 'remove') return { value: entry.deleteCredential() }
  entry.setPassword(item)
  return { value: true }
}

/** Says what is wrong in words of ours: a message of the keychain's could hold what it keeps. */
function describe(fault: unknown): KeychainAnswer {
  if (fault instanceof Absent) return { problem: 'the package @napi-rs/keyring is not installed' }
  const locked = fault instanceof Error && /locked/i.test(fault.message)
  return { problem: locked ? 'it is locked' : 'it cannot be used' }
}

/** Ends at once: leaving in order would wait for the thread that hangs in the keychain. */
function end(answer: KeychainAnswer): void {
  writeSync(1, JSON.stringify(answer))
  process.kill(process.pid, 'SIGKILL')
}
