import { readFileSync, writeSync } from 'node:fs'
import type { KeychainAction, KeychainAnswer } from './keychain.ts'

// The keychain's own process: one action, one line of JSON on standard output, and then its end, whatever hangs.

const SERVICE = 'interhuman-auth'
const ACCOUNT = 'api-key'
/** How long the keychain may take for what it is asked. */
const TIMEOUT_MS = 2000

const timer = setTimeout(
  () => end({ problem: `it gave no answer within ${TIMEOUT_MS / 1000} s` }),
  TIMEOUT_MS,
)
end(await answerTo(process.argv[2] as KeychainAction).catch(describe))

async function answerTo(action: KeychainAction): Promise<KeychainAnswer> {
  const { AsyncEntry } = await import('@napi-rs/keyring').catch(() => {
    throw new Absent()
  })
  // The other store of Linux is the kernel's, which forgets: a key must not be gone after a restart.
  const entry = new AsyncEntry(SERVICE, ACCOUNT, { linux: { store: 'secret-service' } })
  // From here on it is the keychain's time, not that of a busy machine.
  timer.refresh()
  if (action === 'write') {
    await entry.setPassword(readFileSync(0, 'utf8'))
    return { value: true }
  }
  return { value: action === 'remove' ? await entry.deleteCredential() : await entry.getPassword() }
}

class Absent extends Error {}

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
