import { LRUCache } from 'lru-cache'
import type { SecretUse } from './secret-use.ts'
import {
  type CountedRequest,
  type KeySecretUse,
  MAX_CALLERS,
  MAX_USER_AGENT_LENGTH,
  type UsageHour,
} from './usage.ts'

/** Rows of each kind that wait for the store at most; what comes beyond is counted without its key, or under no caller. */
export const MAX_WAITING_ROWS = 20_000
/** So many rows with those that are under no caller; uses beyond are left out. */
const MAX_SHARED_ROWS = 2 * MAX_WAITING_ROWS

const SECONDS_AN_HOUR = 3600
/** No more of a user agent is looked at, in characters. */
const MAX_READ_LENGTH = 2 * MAX_USER_AGENT_LENGTH
/** What is as long as this, in characters, could be a secret, a token or a part of one. */
const SECRET_LENGTH = 32
/** User agents that are kept as they came are remembered, since most requests come from few. */
const MAX_REMEMBERED = 256

const words = /[\w.~+/=-]+/g
const cutWord = /[\w.~+/=-]+$/
const secretPrefix = /ih[a-z]{0,2}_\w/
const unprintable = /[^\x20-\x7e]/
const everyUnprintable = /[^\x20-\x7e]/g

/** What was counted, in one order on all nodes. */
export interface CountedUsage {
  /** Uses that there was no room for. */
  readonly leftOut: number
  readonly hours: readonly UsageHour[]
  readonly uses: readonly KeySecretUse[]
}

/** Counts in memory. */
export interface UsageCounts {
  /** @param now epoch seconds. */
  count(request: CountedRequest, now: number): void
  /** Gives what was counted since it was taken last. */
  take(): CountedUsage
  /** Puts back what the store did not take. */
  putBack(counted: Pick<CountedUsage, 'hours' | 'uses'>): void
  /** Whether so much waits that it had better be handed in now. */
  isFilling(): boolean
}

interface WaitingHour extends UsageHour {
  count: number
}

interface WaitingUse extends KeySecretUse {
  uses: number
  lastUsedAt: number
}

/** What waits of one key: few rows of either kind, so that they are looked through, the last one first. */
interface WaitingKey {
  readonly hours: WaitingHour[]
  readonly uses: WaitingUse[]
  lastHour: WaitingHour | undefined
  lastUse: WaitingUse | undefined
}

/** Makes the counts of one process: a look-up or two a request, however many keys and callers there are. */
export function createUsageCounts(): UsageCounts {
  let waiting = createWaiting()
  return {
    count({ knownKeyId, secretNumber, verifierId, outcome, address, userAgent }, now) {
      waiting.addHour(knownKeyId, now - (now % SECONDS_AN_HOUR), outcome, 1)
      if (secretNumber === 0) return
      const caller = { address, verifierId, userAgent: clean(userAgent) }
      waiting.addUse(knownKeyId, secretNumber, caller, 1, now)
    },
    take() {
      const taken = waiting.list()
      waiting = createWaiting()
      return taken
    },
    putBack({ hours, uses }) {
      for (const { keyId, hour, outcome, count } of hours) waiting.addHour(keyId, hour, outcome, count)
      for (const use of uses) waiting.addUse(use.keyId, use.secretNumber, use, use.uses, use.lastUsedAt)
    },
    isFilling: () => waiting.rows() >= MAX_WAITING_ROWS / 2,
  }
}

type Caller = Pick<SecretUse, 'address' | 'userAgent' | 'verifierId'>

/** All callers beyond a bound. */
const OTHERS: Caller = { address: '', userAgent: '', verifierId: '' }

function createWaiting() {
  const keys = new Map<string, WaitingKey>()
  let hourRows = 0
  let useRows = 0
  let leftOut = 0

  function open(keyId: string): WaitingKey {
    let key = keys.get(keyId)
    if (key === undefined) {
      key = { hours: [], uses: [], lastHour: undefined, lastUse: undefined }
      keys.set(keyId, key)
    }
    return key
  }

  function openHour({ hours }: WaitingKey, keyId: string, hour: number, outcome: string): WaitingHour {
    const known = hours.find((row) => row.hour === hour && row.outcome === outcome)
    if (known !== undefined) return known
    const row = { keyId, hour, outcome, count: 0 }
    hours.push(row)
    hourRows += 1
    return row
  }

  function openUse(keyId: string, secretNumber: number, caller: Caller): WaitingUse | undefined {
    const uses = keys.get(keyId)?.uses ?? []
    const known = uses.find((use) => isOf(use, secretNumber, caller))
    if (known !== undefined) return known
    const isApart = caller !== OTHERS
    if (isApart && (useRows >= MAX_WAITING_ROWS || countCallers(uses, secretNumber) >= MAX_CALLERS))
      return openUse(keyId, secretNumber, OTHERS)
    if (useRows >= MAX_SHARED_ROWS) return undefined
    const { address, userAgent, verifierId } = caller
    const use = { keyId, secretNumber, address, userAgent, verifierId, uses: 0, lastUsedAt: 0 }
    open(keyId).uses.push(use)
    useRows += 1
    return use
  }

  return {
    rows: () => Math.max(hourRows, useRows),
    list: () => ({ ...listInOrder(keys), leftOut }),
    addHour(keyId: string, hour: number, outcome: string, count: number) {
      const name = hourRows < MAX_WAITING_ROWS ? keyId : ''
      const key = open(name)
      const last = key.lastHour
      const row = last?.hour === hour && last.outcome === outcome ? last : openHour(key, name, hour, outcome)
      row.count += count
      key.lastHour = row
    },
    addUse(keyId: string, secretNumber: number, caller: Caller, uses: number, at: number) {
      const last = keys.get(keyId)?.lastUse
      const isLast = last !== undefined && isOf(last, secretNumber, caller)
      const use = isLast ? last : openUse(keyId, secretNumber, caller)
      if (use === undefined) {
        leftOut += uses
        return
      }
      use.uses += uses
      if (at > use.lastUsedAt) use.lastUsedAt = at
      if (!isLast) open(keyId).lastUse = use
    },
  }
}

function isOf(use: WaitingUse, secretNumber: number, caller: Caller): boolean {
  return (
    use.secretNumber === secretNumber &&
    use.address === caller.address &&
    use.userAgent === caller.userAgent &&
    use.verifierId === caller.verifierId
  )
}

function countCallers(uses: readonly WaitingUse[], secretNumber: number): number {
  return uses.reduce((count, use) => (use.secretNumber === secretNumber ? count + 1 : count), 0)
}

const remembered = new LRUCache<string, true>({ max: MAX_REMEMBERED })
let lastKept = ''

/** What a client put there by mistake is not kept: whatever could be a secret or a token, or a part of one. */
function clean(userAgent = ''): string {
  if (userAgent === lastKept) return lastKept
  if (userAgent.length <= MAX_USER_AGENT_LENGTH && remembered.has(userAgent)) return keepLast(userAgent)
  const read =
    userAgent.length > MAX_READ_LENGTH ? userAgent.slice(0, MAX_READ_LENGTH).replace(cutWord, '') : userAgent
  const plain = read.replace(words, (word) =>
    word.length >= SECRET_LENGTH || secretPrefix.test(word) ? '[left out]' : word,
  )
  const cut = plain.slice(0, MAX_USER_AGENT_LENGTH)
  const kept = unprintable.test(cut) ? cut.replace(everyUnprintable, '?') : cut
  if (kept === userAgent) remembered.set(keepLast(kept), true)
  return kept
}

function keepLast(userAgent: string): string {
  lastKept = userAgent
  return userAgent
}

/** The order of the rows is that of the database's locks. */
function listInOrder(keys: ReadonlyMap<string, WaitingKey>): Omit<CountedUsage, 'leftOut'> {
  const inOrder = [...keys.keys()].sort().map((keyId) => keys.get(keyId))
  return {
    hours: inOrder
      .flatMap((key) => sort(key?.hours ?? [], compareHours))
      .sort((one, other) => one.hour - other.hour),
    uses: inOrder.flatMap((key) => sort(key?.uses ?? [], compareUses)),
  }
}

function sort<Row>(rows: Row[], compare: (one: Row, other: Row) => number): readonly Row[] {
  return rows.length > 1 ? rows.sort(compare) : rows
}

const compareHours = (one: UsageHour, other: UsageHour) => compareTexts(one.outcome, other.outcome)

const compareUses = (one: KeySecretUse, other: KeySecretUse) =>
  one.secretNumber - other.secretNumber ||
  compareTexts(one.address, other.address) ||
  compareTexts(one.verifierId, other.verifierId) ||
  compareTexts(one.userAgent, other.userAgent)

/** By UTF-16 code units, which is no language's order but the same everywhere. */
function compareTexts(one: string, other: string): number {
  if (one === other) return 0
  return one < other ? -1 : 1
}
