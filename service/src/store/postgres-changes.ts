import { createHash } from 'node:crypto'
import type { Selectable } from 'kysely'
import { type ChangeReading, LEASE_MS, type Lease, type LeaseRenewal } from '../change.ts'
import type { PostgresPool } from './postgres-pool.ts'
import { toChange } from './rows.ts'
import type { ChangeTable } from './tables.ts'

/**
 * The time is that of the statement's arrival: its snapshot is taken later, and so is whatever waits for a lock. All of it
 * is one snapshot, so that the changes are those up to the head.
 */
const MOMENT = `moment as materialized (
    select floor(extract(epoch from statement_timestamp()) * 1000)::bigint as ms
  ), head as materialized (select epoch, revision from change_head)`

const READING = `select head.epoch, head.revision as head, moment.ms, changes.*
  from moment cross join head
    left join changes on changes.revision > $1 and changes.expires_at > moment.ms / 1000
  order by changes.revision`

/** What lives for seconds need not wait for the disk, nor for a standby: that is asked when the transaction is committed. */
const QUICK = `quick as materialized (select set_config('synchronous_commit', 'off', true) as word)`

/** Prepared once a connection: the server then plans them once. */
const READ = { name: 'changes', text: `with ${MOMENT} ${READING}` }

/**
 * Leases are dropped only when all of the node's are renewed, and none that another renews at this moment, so that nodes
 * that come back together do not wait for each other in a circle.
 */
const READ_AND_RENEW = {
  name: 'changes_and_leases',
  text: `with ${MOMENT}, ${QUICK}, renewed as (
    insert into leases (holder, kind, name, revision, expires_at_ms)
    select held.holder, held.kind, held.name, held.revision, moment.ms + ${LEASE_MS}
    from quick, moment, head, unnest($2::text[], $3::text[], $4::text[], $5::bigint[]) as held (holder, kind, name, revision)
    where head.revision >= $1
      and left(encode(sha256(convert_to(head.epoch || $6, 'UTF8')), 'hex'), length(head.epoch)) = $7
    on conflict (holder) do update set
      revision = case when leases.expires_at_ms <= excluded.expires_at_ms - ${LEASE_MS} then excluded.revision
        else greatest(leases.revision, excluded.revision) end,
      expires_at_ms = greatest(leases.expires_at_ms, excluded.expires_at_ms)
    returning holder
  ), dropped as (
    delete from leases where holder in (
      select over.holder
      from leases as over, moment, (select count(*) as leases from renewed) as first
      where over.expires_at_ms <= moment.ms and over.holder <> all ($2::text[]) and first.leases > 0
      for update of over skip locked
    )
  )
  ${READING}`,
}

interface ReadingRow extends Selectable<ChangeTable> {
  readonly epoch: string
  readonly head: number
  readonly ms: number
}

/** Reads the changes, and renews leases with them: one statement, one transaction, one round trip. @throws {PostgresError} */
export async function readPostgresChanges(
  pool: PostgresPool,
  after: number | null,
  renewal: LeaseRenewal | undefined,
): Promise<ChangeReading> {
  const connection = await pool.connect()
  try {
    const { timeline } = connection
    const { rows } = await connection.query<ReadingRow>(
      renewal === undefined
        ? { ...READ, values: [after ?? 0] }
        : {
            ...READ_AND_RENEW,
            values: [after ?? 0, ...columnsOf(renewal.leases), ` ${timeline}`, renewal.epoch],
          },
    )
    const [head] = rows
    if (head === undefined) throw new Error('the head of the changes is gone')
    const changes = rows.flatMap((row) => (row.revision === null ? [] : [toChange(row)]))
    return { epoch: epochOf(head.epoch, timeline), revision: head.head, databaseTimeMs: head.ms, changes }
  } finally {
    connection.release()
  }
}

/** Takes note of an acknowledgement: others wait for the row while it is written, so that it must not wait for a disk. */
export async function acknowledgePostgresLease(
  pool: PostgresPool,
  { holder, name, revision }: Pick<Lease, 'holder' | 'name' | 'revision'>,
): Promise<void> {
  await pool.query(
    `with ${QUICK} update leases set revision = $3 from quick
     where quick.word = 'off' and holder = $1 and name = $2 and revision < $3`,
    [holder, name, revision],
  )
}

function columnsOf(leases: readonly Lease[]): readonly unknown[] {
  return [
    leases.map(({ holder }) => holder),
    leases.map(({ kind }) => kind),
    leases.map(({ name }) => name),
    leases.map(({ revision }) => revision),
  ]
}

/**
 * The epoch of a store on a timeline. After a failover to a standby that lacked changes revisions are given a second time,
 * so that whoever knows those of before has to begin anew.
 */
function epochOf(epoch: string, timeline: number): string {
  return createHash('sha256').update(`${epoch} ${timeline}`).digest('hex').slice(0, epoch.length)
}
