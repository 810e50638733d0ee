import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'

/** An audit row as it is kept; what is JSON in the store is the text here, so that a hash holds every letter of it. */
export interface ChainedRow {
  readonly id: number
  /** Epoch seconds. */
  readonly at: number
  readonly actor: string
  readonly origin: string
  readonly action: string
  readonly subject: string
  readonly detail: string
  readonly before: string | null
  readonly after: string | null
  /** `null` for a row from before there was a chain. */
  readonly mac: Buffer | null
}

/** What stands for rows that were removed when their time was over. */
export interface Checkpoint {
  /** The last row that was removed. */
  readonly lastId: number
  /** How many were removed, all checkpoints before it included. */
  readonly rows: number
  /** When, in epoch seconds. */
  readonly at: number
  /** Where the chain goes on. */
  readonly chainMac: Buffer
  readonly mac: Buffer
}

/** Where a chain begins and ends, as the store keeps it. */
export interface ChainEnds {
  readonly checkpoint: Checkpoint | undefined
  readonly lastId: number
  readonly mac: Buffer | null
}

/** The end of a chain: kept outside the store, it shows a tail that was cut off. */
export interface ChainHead {
  readonly id: number
  readonly mac: Buffer
}

/** Stands before the first row. */
export const CHAIN_START = Buffer.alloc(32)

/** Hashes a row together with the hash before it (HMAC-SHA-256), so that neither can be another one. */
export function hashRow(key: KeyObject, previous: Buffer, row: Omit<ChainedRow, 'mac'>): Buffer {
  const { id, at, actor, origin, action, subject, detail, before, after } = row
  const text = JSON.stringify(['row', id, at, actor, origin, action, subject, detail, before, after])
  return createHmac('sha256', key).update(previous).update(text).digest()
}

/** Hashes a checkpoint. */
export function hashCheckpoint(key: KeyObject, checkpoint: Omit<Checkpoint, 'mac'>): Buffer {
  const { lastId, rows, at, chainMac } = checkpoint
  const text = JSON.stringify(['checkpoint', lastId, rows, at])
  return createHmac('sha256', key).update(chainMac).update(text).digest()
}

/** What is wrong with a chain, and where. */
export type ChainFault =
  | { readonly kind: 'row missing' | 'row changed' | 'row not chained'; readonly id: number }
  | { readonly kind: 'checkpoint changed' | 'head not found'; readonly id: number }

/** A walk along a chain, row by row in order. */
export interface ChainWalk {
  /** Looks at the next row; gives what is wrong with it, or nothing. */
  take(row: ChainedRow): ChainFault | undefined
  /** What is missing now that there is no further row. */
  end(kept: { readonly lastId: number; readonly mac: Buffer | null }): ChainFault | undefined
  /** The last row so far, where it is chained. */
  head(): ChainHead | undefined
  /** How many rows from before there was a chain were seen. */
  readonly unchained: number
}

/**
 * Walks along a chain from its beginning, or from the last checkpoint. Rows without a hash may stand only before the first
 * that has one, and that one then begins the chain.
 *
 * @param expected a head that was kept outside: its row must be there, with this hash.
 */
export function walkChain(
  key: KeyObject,
  checkpoint: Checkpoint | undefined,
  expected: ChainHead | undefined,
): ChainWalk {
  let previous = checkpoint?.chainMac ?? CHAIN_START
  let lastId = checkpoint?.lastId ?? 0
  let begun = checkpoint !== undefined
  let head: ChainHead | undefined
  let found =
    expected === undefined ||
    (checkpoint?.lastId === expected.id && isSame(checkpoint.chainMac, expected.mac))
  let unchained = 0

  function take(row: ChainedRow): ChainFault | undefined {
    const gap = row.id !== lastId + 1 ? lastId + 1 : undefined
    lastId = row.id
    if (row.mac === null) {
      if (begun) return { kind: 'row not chained', id: row.id }
      unchained += 1
      return gap === undefined ? undefined : { kind: 'row missing', id: gap }
    }
    begun = true
    const isWhole = isSame(hashRow(key, previous, row), row.mac)
    previous = row.mac
    head = { id: row.id, mac: row.mac }
    if (expected?.id === row.id && isSame(row.mac, expected.mac)) found = true
    if (gap !== undefined) return { kind: 'row missing', id: gap }
    return isWhole ? undefined : { kind: 'row changed', id: row.id }
  }

  return {
    take,
    end(kept) {
      if (kept.lastId !== lastId || !isSame(kept.mac ?? CHAIN_START, begun ? previous : CHAIN_START))
        return { kind: 'row missing', id: lastId + 1 }
      return found || expected === undefined ? undefined : { kind: 'head not found', id: expected.id }
    },
    head: () => head,
    get unchained() {
      return unchained
    },
  }
}

/** Says whether a checkpoint is one of ours. */
export function isWholeCheckpoint(key: KeyObject, checkpoint: Checkpoint): boolean {
  return isSame(hashCheckpoint(key, checkpoint), checkpoint.mac)
}

/** Writes a head for people to keep: `ID:` and the hash in hexadecimal. */
export function formatChainHead({ id, mac }: ChainHead): string {
  return `${id}:${mac.toString('hex')}`
}

/** Reads what {@link formatChainHead} wrote; what is none gives `undefined`. */
export function parseChainHead(text: string): ChainHead | undefined {
  const [, id, mac] = /^([1-9]\d{0,14}):([0-9a-f]{64})$/.exec(text) ?? []
  return id === undefined || mac === undefined ? undefined : { id: Number(id), mac: Buffer.from(mac, 'hex') }
}

function isSame(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other)
}
