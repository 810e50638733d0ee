import { describeUse, type TokenUse } from './place.ts'
import { sha256 } from './sha256.ts'

/** A token and its life on this machine's two clocks. */
export interface HeldToken {
  readonly value: string
  readonly scopes: readonly string[]
  /** When its exchange started, in milliseconds since 1970. */
  readonly issuedAtMs: number
  /** The same moment by the machine's uptime, in seconds. */
  readonly issuedAtUptime: number
  readonly lifetimeSeconds: number
}

/** The clocks that a token's age is read by. */
export interface Clocks {
  readonly now: () => number
  readonly uptime: () => number
}

/** How a token stands: `fresh`, `due` to be asked for anew while it can still be used, or `spent`. */
export type Standing = 'fresh' | 'due' | 'spent'

const DUE_FRACTION = 0.2
const SPENT_FRACTION = 0.02
const LEAST_SPENT_SECONDS = 5
/** The uptime has whole seconds on some platforms. */
const UPTIME_GRAIN_SECONDS = 2

/** Gives how many seconds a token has left, by the clock that says less; none when one says that it is yet to be issued. */
export function secondsLeft(token: HeldToken, clocks: Clocks): number {
  const wall = (clocks.now() - token.issuedAtMs) / 1000
  const machine = clocks.uptime() - token.issuedAtUptime
  if (wall < 0 || machine < -UPTIME_GRAIN_SECONDS) return 0
  return token.lifetimeSeconds - Math.max(wall, machine)
}

/** Says how a token stands: windows are fractions of its life, so that a short one is not always due. */
export function standingOf(token: HeldToken, clocks: Clocks): Standing {
  const { lifetimeSeconds } = token
  const left = secondsLeft(token, clocks)
  if (left <= Math.max(LEAST_SPENT_SECONDS, lifetimeSeconds * SPENT_FRACTION)) return 'spent'
  return left <= lifetimeSeconds * DUE_FRACTION ? 'due' : 'fresh'
}

const FORMAT = 1
const LONGEST_LIFETIME_SECONDS = 86_400
/** RFC 6750 section 2.1: what can stand in an `Authorization` header, and so in a shell's word and a quoted string as well. */
const bearerForm = /^[\w.~+/-]+=*$/

/** Gives the name that a token of this use has in the cache: no secret is in it. */
export function nameOf(use: TokenUse, hostname: string): string {
  // Another machine has other clocks and other processes, though it may share the folder.
  return sha256(JSON.stringify([FORMAT, hostname, describeUse(use, 'without secret')])).slice(0, 40)
}

/** Writes a token as its file holds it. The secret is in it as a hash with salt, so that another secret finds nothing. */
export function formatHeld(token: HeldToken, use: TokenUse, salt: string): string {
  return `${JSON.stringify({ format: FORMAT, salt, use: hashUse(use, salt), ...token })}\n`
}

/** Reads what {@link formatHeld} wrote; `undefined` when it is anything else, or was written for another use. */
export function parseHeld(text: string, use: TokenUse): HeldToken | undefined {
  const { format, salt, use: hash, value, scopes, issuedAtMs, issuedAtUptime, lifetimeSeconds } = parse(text)
  if (format !== FORMAT || typeof salt !== 'string' || typeof hash !== 'string') return undefined
  if (!sameHash(hash, hashUse(use, salt))) return undefined
  if (typeof value !== 'string' || !bearerForm.test(value)) return undefined
  if (!Array.isArray(scopes) || !scopes.every((scope) => typeof scope === 'string')) return undefined
  if (!isNumber(issuedAtMs) || !isNumber(issuedAtUptime) || !isNumber(lifetimeSeconds)) return undefined
  if (lifetimeSeconds > LONGEST_LIFETIME_SECONDS) return undefined
  return { value, scopes, issuedAtMs, issuedAtUptime, lifetimeSeconds }
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value)
}

function hashUse(use: TokenUse, salt: string): string {
  return sha256(salt + describeUse(use, 'with secret'))
}

/** Compares in a time that does not tell where two hashes differ. */
function sameHash(one: string, other: string): boolean {
  let difference = one.length ^ other.length
  for (let at = 0; at < other.length; at++) difference |= one.charCodeAt(at) ^ other.charCodeAt(at)
  return difference === 0
}
