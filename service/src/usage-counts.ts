import { LRUCache } from 'lru-cache'
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
    count({ knownKeyId, secretNumber, verifierId, outcome, address, userAgent }, now) {
      hours.add(knownKeyId, now - (now % SECONDS_AN_HOUR), outcome, 1)
      if (secretNumber === 0) return
      callers.add(knownKeyId, secretNumber, toPlace(address, verifierId), clean(userAgent), 1, now)
    },
    take() {
      const taken = { hours: hours.list(), uses: callers.list() }
      hours = createHours()
      callers = createCallers()
      return taken
    },
    putBack(counted) {
      for (const { keyId, hour, outcome, count } of counted.hours) hours.add(keyId, hour, outcome, count)
      for (const { keyId, secretNumber, address, verifierId, userAgent, uses, lastUsedAt } of counted.uses)
        callers.add(keyId, secretNumber, toPlace(address, verifierId), userAgent, uses, lastUsedAt)
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

  const open = (secret: Deep<WaitingUse>, place: string, userAgent: string): WaitingUse => {
    const agents = inner(secret, place)
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
    add(keyId: string, secretNumber: number, place: string, userAgent: string, uses: number, at: number) {
      const secret = inner(inner(callers, keyId), secretNumber)
      let waiting = secret.get(place)?.get(userAgent)
      if (waiting === undefined) {
        const hasRoom = rows < MAX_WAITING_ROWS && countInner(secret) < MAX_CALLERS
        waiting = hasRoom ? open(secret, place, userAgent) : open(secret, '', '')
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

const remembered = new LRUCache<string, true>({ max: MAX_REMEMBERED })

/** What a client put there by mistake is not kept: whatever could be a secret or a token, or a part of one. */
function clean(userAgent = ''): string {
  if (userAgent.length <= MAX_USER_AGENT_LENGTH && remembered.has(userAgent)) return userAgent
  const read =
    userAgent.length > MAX_READ_LENGTH ? userAgent.slice(0, MAX_READ_LENGTH).replace(cutWord, '') : userAgent
  const plain = read.replace(words, (word) =>
    word.length >= SECRET_LENGTH || secretPrefix.test(word) ? '[left out]' : word,
  )
  const cut = plain.slice(0, MAX_USER_AGENT_LENGTH)
  const kept = unprintable.test(cut) ? cut.replace(everyUnprintable, '?') : cut
  if (kept === userAgent) remembered.set(kept, true)
  return kept
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

/** From where: an address has no blank in it, and most callers are no verifier. */
function toPlace(address: string, verifierId: string): string {
  return verifierId === '' ? address : `${address} ${verifierId}`
}

function fromPlace(place: string): { readonly address: string; readonly verifierId: string } {
  const [address = '', verifierId = ''] = place.split(' ')
  return { address, verifierId }
}

function listUses(callers: Map<string, Map<number, Deep<WaitingUse>>>): readonly KeySecretUse[] {
  return inOrder(callers).flatMap(([keyId, secrets]) =>
    [...secrets]
      .sort(([one], [other]) => one - other)
      .flatMap(([secretNumber, places]) =>
        inOrder(places).flatMap(([place, agents]) =>
          inOrder(agents).map(([userAgent, waiting]) => ({
            keyId,
            secretNumber,
            ...fromPlace(place),
            userAgent,
            ...waiting,
          })),
        ),
      ),
  )
}
