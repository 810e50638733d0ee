import { setTimeout as sleep } from 'node:timers/promises'
import type { Acting } from './operations/acting.ts'
import { toAuditEntry } from './operations/acting.ts'
import type { Store } from './store/store.ts'

const SECONDS_A_DAY = 86_400

/** How often rows whose time is over are looked for, in milliseconds: an hour. */
const LOOK_MS = 3_600_000
/** How soon a look that failed is repeated, in milliseconds. */
const RETRY_MS = 60_000

/** What keeping the audit to its time needs from outside. */
export interface AuditRetentionContext {
  readonly store: Pick<Store, 'pruneAudit'>
  /** How long rows are kept, in days; 0 for ever. */
  readonly retentionDays: number
  /** Epoch seconds. */
  now(): number
  onFailure(error: unknown): void
}

/**
 * Removes every row that is older than it is kept for, in bounded steps; each leaves a signed checkpoint and a row of its own.
 *
 * @returns how many went.
 */
export async function pruneOldAudit(
  { store, retentionDays, now }: Pick<AuditRetentionContext, 'store' | 'retentionDays' | 'now'>,
  by: Omit<Acting, 'now'>,
): Promise<number> {
  let all = 0
  for (;;) {
    const acting = { ...by, now: now() }
    const before = acting.now - retentionDays * SECONDS_A_DAY
    const removed = await store.pruneAudit(before, ({ rows, lastId }) =>
      toAuditEntry(acting, 'audit.prune', '', { detail: { rows, last_id: lastId } }),
    )
    if (removed === 0) return all
    all += removed
  }
}

/** Prunes at the start and every hour, until it is closed. */
export function keepAuditToItsTime(context: AuditRetentionContext): { close(): Promise<void> } {
  const end = new AbortController()
  const running = context.retentionDays === 0 ? Promise.resolve() : run(context, end.signal)
  return {
    async close() {
      end.abort()
      await running
    },
  }
}

async function run(context: AuditRetentionContext, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const pauseMs = await pruneOldAudit(context, { actor: 'schedule', origin: 'start' }).then(
      () => LOOK_MS,
      (error: unknown) => {
        context.onFailure(error)
        return RETRY_MS
      },
    )
    await sleep(pauseMs, undefined, { signal, ref: false }).catch(() => {})
  }
}
