import { DEFAULT_TIMEOUT_MS } from '@interhuman-auth/client/strict'
import { type CacheEntry, dropEntry, isEnough, type LivingTokenOptions, readEntry } from './cache/entry.ts'
import { formatHeld, type HeldToken, secondsLeft, standingOf } from './cache/held-token.ts'
import { type Release, takeLock } from './cache/lock.ts'
import { sweep, writeWhole } from './cache/store.ts'
import type { Resolved } from './credentials/resolve.ts'
import { exchangeForToken } from './exchange-token.ts'
import { Refusal } from './exit-codes.ts'
import { FolderFault, openFolder } from './own-folder.ts'
import type { Surroundings } from './surroundings.ts'

const POLL_MS = 25
/** What the holder of a lock may need beside its exchange. */
const GRACE_MS = 5_000

/**
 * Makes one exchange and puts its token into the cache, with the cache locked: who waits for the lock finds the token
 * there. A wait has the exchange's own bound, and then goes on without the lock. While an exchange fails, a token that
 * still lives is given, but for a refusal of the key or its scopes, which drops it.
 *
 * @throws {Refusal} when the exchange fails and no living token is left.
 */
export async function renewToken(
  entry: CacheEntry,
  resolved: Resolved,
  options: LivingTokenOptions,
  surroundings: Surroundings,
): Promise<HeldToken> {
  const turn = await takeTurn(entry, options, surroundings)
  if (turn.token !== undefined) return turn.token
  try {
    const token = await exchangeForToken(resolved, options, surroundings)
    if (turn.works) keep(token, entry, surroundings)
    return token
  } catch (fault) {
    return fallBack(fault, entry, options, surroundings)
  } finally {
    turn.release?.()
  }
}

/** The token that somebody else got meanwhile, or the lock, or neither when there is none to be had. */
interface Turn {
  readonly works: boolean
  readonly token?: HeldToken
  readonly release?: Release
}

/** Waits for the lock, or for the token that its holder gets. */
async function takeTurn(
  entry: CacheEntry,
  options: LivingTokenOptions,
  surroundings: Surroundings,
): Promise<Turn> {
  const { now, uid, own } = surroundings
  const waitMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
  const path = `${entry.path}.lock`
  if (attempt(surroundings, () => openFolder(entry.folder, uid)) === 'faulty') return { works: false }
  const startMs = now()
  for (let waited = 0; waited >= 0 && waited < waitMs; waited = now() - startMs) {
    const lock = attempt(surroundings, () =>
      takeLock(path, { holdMs: waitMs + GRACE_MS, pid: own.pid, now, uid }),
    )
    const token = readEntry(entry, surroundings)
    if (isEnough(token, options, surroundings) || isNewer(token, startMs, surroundings)) {
      if (typeof lock === 'function') lock()
      return { works: true, token }
    }
    if (lock === 'faulty') return { works: false }
    if (lock !== undefined) {
      surroundings.atSignal(lock)
      return { works: true, release: lock }
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  return { works: true }
}

/** Says whether somebody else's exchange started after the wait did: another one would bring no better token. */
function isNewer(
  token: HeldToken | undefined,
  startMs: number,
  surroundings: Surroundings,
): token is HeldToken {
  return token !== undefined && token.issuedAtMs >= startMs && secondsLeft(token, surroundings) > 0
}

function keep(token: HeldToken, entry: CacheEntry, surroundings: Surroundings): void {
  attempt(surroundings, () => {
    writeWhole(entry.path, formatHeld(token, entry.use, crypto.randomUUID()))
    sweep(entry.folder, surroundings.now())
  })
}

/** The key, or a scope of it, is refused: what was issued before is not to be used on. */
const FINAL_STATUSES: readonly unknown[] = [401, 403]

function fallBack(
  fault: unknown,
  entry: CacheEntry,
  { minLifeSeconds = 0 }: LivingTokenOptions,
  surroundings: Surroundings,
): HeldToken {
  const status = fault instanceof Refusal ? fault.details.status : undefined
  const token = readEntry(entry, surroundings)
  if (token === undefined) throw fault
  if (FINAL_STATUSES.includes(status)) {
    dropEntry(entry, token.value, surroundings)
    throw fault
  }
  const left = secondsLeft(token, surroundings)
  if (standingOf(token, surroundings) === 'spent' || left < minLifeSeconds || !(fault instanceof Refusal))
    throw fault
  surroundings.say(
    `${fault.message}; the token at hand lives for ${Math.floor(left)} s more and is used until then`,
  )
  return token
}

/** The cache is a convenience: what is wrong with it is one line for people, and no failure. */
function attempt<T>(surroundings: Surroundings, action: () => T): T | 'faulty' {
  try {
    return action()
  } catch (fault) {
    const { code = 'unknown' } = fault as NodeJS.ErrnoException
    const why = fault instanceof FolderFault ? fault.message : `cannot be used (${code})`
    surroundings.say(`the token cache ${why}; this and the next calls each make an exchange`)
    return 'faulty'
  }
}
