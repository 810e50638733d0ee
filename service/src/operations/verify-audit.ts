import type { KeyObject } from 'node:crypto'
import {
  type ChainEnds,
  type ChainFault,
  type ChainHead,
  isWholeCheckpoint,
  walkChain,
} from '../audit-chain.ts'
import type { Store } from '../store/store.ts'

const PAGE = 1_000

/** More faults than this are not told apart. */
const MAX_FAULTS = 20

/** What became of a verification. */
export interface VerifiedAudit {
  /** In the order of the rows; empty where the chain is whole. */
  readonly faults: readonly ChainFault[]
  /** How many rows there are. */
  readonly rows: number
  /** How many of them are from before there was a chain: nothing is known of those. */
  readonly unchained: number
  /** How many were removed because their time was over. */
  readonly removed: number
  /** The end of the chain, to be kept outside the store. */
  readonly head: ChainHead | undefined
}

/**
 * Verifies the whole audit, page by page: every row is there, unchanged and in its place, and the chain ends where the store
 * says it does. A tail that was cut off together with that note is found by `expected`, a head kept from before.
 */
export async function verifyAudit(
  store: Pick<Store, 'listChainedRows' | 'readChainEnds'>,
  key: KeyObject,
  expected?: ChainHead,
): Promise<VerifiedAudit> {
  const { checkpoint } = await store.readChainEnds()
  const walk = walkChain(key, checkpoint, expected)
  const faults: ChainFault[] = []
  const add = (fault: ChainFault | undefined) => {
    if (fault !== undefined && faults.length < MAX_FAULTS) faults.push(fault)
  }
  if (checkpoint !== undefined && !isWholeCheckpoint(key, checkpoint))
    add({ kind: 'checkpoint changed', id: checkpoint.lastId })
  let rows = 0
  let after = 0
  const readPage = () => store.listChainedRows(after, PAGE)
  let ends: ChainEnds
  do {
    for (let page = await readPage(); page.length > 0; page = await readPage()) {
      for (const row of page) add(walk.take(row))
      rows += page.length
      after = page.at(-1)?.id ?? after
    }
    // What was written meanwhile stands behind the rows that were read.
    ends = await store.readChainEnds()
  } while (ends.lastId > after && (await readPage()).length > 0)
  add(walk.end(ends))
  return { faults, rows, unchained: walk.unchained, removed: checkpoint?.rows ?? 0, head: walk.head() }
}
