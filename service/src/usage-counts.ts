import {
  type CountedRequest,
  type KeySecretUse,
  MAX_CALLERS,
  MAX_USER_AGENT_LENGTH,
  type UsageHour,
} from './usage.ts'

/** Rows of each kind that wait for the store at most; what comes beyond is counted without its key, or under no caller. */
export const MAX_WAITING_ROWS = 20_000

const SECONDS_AN_HOUR = 3600
const secretLike = /[\w.~+/=-]{32,}|ih[a-z]{0,2}_\w+/
const everySecretLike = new RegExp(secretLike, 'g')
const unprintable = /[^\x20-\x7e]/
const everyUnprintable = /[^\x20-\x7e]/g

/** What was counted, in one order on all nodes. */
export interface CountedUsage {
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
  putBack(counted: CountedUsage): void
  /** Whether so much waits that it had better be handed in now. */
  isFilling(): boolean
}

interface WaitingUse {
  uses: number
  lastUsedAt: number
}

type Deep<Value> = Map<string, Map<string, Value>>

/** Makes the counts of one process: a few look-ups a request, however many keys and callers there are. */
export function createUsageCounts(): UsageCounts {
  let hours = createHours()
  let callers = createCallers()
  return {
    count({ knownKeyId, secretNumber, outcome, address, userAgent }, now) {
      hours.add(knownKeyId, now - (now % SECONDS_AN_HOUR), outcome, 1)
      if (secretNumber > 0) callers.add(knownKeyId, secretNumber, address, clean(userAgent), 1, now)
    },
    take() {
      const taken = { hours: hours.list(), uses: callers.list() }
      hours = createHours()
      callers = createCallers()
      return taken
    },
    putBack(counted) {
      for (const { keyId, hour, outcome, count } of counted.hours) hours.add(keyId, hour, outcome, count)
      for (const { keyId, secretNumber, address, userAgent, uses, lastUsedAt } of counted.uses)
        callers.add(keyId, secretNumber, address, userAgent, uses, lastUsedAt)
    },
    isFilling: () => Math.max(hours.rows(), callers.rows()) >= MAX_WAITING_ROWS / 2,
  }
}

function createHours() {
  const hours = new Map<number, Deep<number>>()
  let rows = 0
  return {
    rows: () => rows,
    list: () => listHours(hours),
    add(keyId: string, hour: number, outcome: string, count: number) {
      const outcomes = inner(inner(hours, hour), rows < MAX_WAITING_ROWS ? keyId : '')
      const before = outcomes.get(outcome)
      if (before === undefined) rows += 1
      outcomes.set(outcome, (before ?? 0) + count)
    },
  }
}

function createCallers() {
  const callers = new Map<string, Map<number, Deep<WaitingUse>>>()
  let rows = 0

  const open = (secret: Deep<WaitingUse>, address: string, userAgent: string): WaitingUse => {
    const agents = inner(secret, address)
    let waiting = agents.get(userAgent)
    if (waiting === undefined) {
      waiting = { uses: 0, lastUsedAt: 0 }
      agents.set(userAgent, waiting)
      rows += 1
    }
    return waiting
  }

  return {
    rows: () => rows,
    list: () => listUses(callers),
    add(keyId: string, secretNumber: number, address: string, userAgent: string, uses: number, at: number) {
      const secret = inner(inner(callers, keyId), secretNumber)
      let waiting = secret.get(address)?.get(userAgent)
      if (waiting === undefined) {
        const hasRoom = rows < MAX_WAITING_ROWS && countInner(secret) < MAX_CALLERS
        waiting = hasRoom ? open(secret, address, userAgent) : open(secret, '', '')
      }
      waiting.uses += uses
      if (at > waiting.lastUsedAt) waiting.lastUsedAt = at
    },
  }
}

function inner<Outer, Key, Value>(map: Map<Outer, Map<Key, Value>>, key: Outer): Map<Key, Value> {
  let found = map.get(key)
  if (found === undefined) {
    found = new Map()
    map.set(key, found)
  }
  return found
}

function countInner(map: Deep<unknown>): number {
  let count = 0
  for (const { size } of map.values()) count += size
  return count
}

/** What a client put there by mistake is not kept: whatever could be a secret or a token, or a part of one. */
function clean(userAgent = ''): string {
  const plain = secretLike.test(userAgent) ? userAgent.replace(everySecretLike, '[left out]') : userAgent
  const cut = plain.length > MAX_USER_AGENT_LENGTH ? plain.slice(0, MAX_USER_AGENT_LENGTH) : plain
  return unprintable.test(cut) ? cut.replace(everyUnprintable, '?') : cut
}

const inOrder = <Entry>(map: Map<string, Entry>) => [...map].sort(([one], [other]) => (one < other ? -1 : 1))

function listHours(hours: ReadonlyMap<number, Deep<number>>): readonly UsageHour[] {
  return [...hours]
    .sort(([one], [other]) => one - other)
    .flatMap(([hour, keys]) =>
      inOrder(keys).flatMap(([keyId, outcomes]) =>
        inOrder(outcomes).map(([outcome, count]) => ({ keyId, hour, outcome, count })),
      ),
    )
}

function listUses(callers: Map<string, Map<number, Deep<WaitingUse>>>): readonly KeySecretUse[] {
  return inOrder(callers).flatMap(([keyId, secrets]) =>
    [...secrets].flatMap(([secretNumber, addresses]) =>
      inOrder(addresses).flatMap(([address, agents]) =>
        inOrder(agents).map(([userAgent, waiting]) => ({
          keyId,
          secretNumber,
          address,
          userAgent,
          ...waiting,
        })),
      ),
    ),
  )
}
