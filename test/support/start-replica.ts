import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { type PostgresServer, startPostgres } from './start-postgres.ts'
import { waitUntil } from './start-service.ts'

/**
 * Starts a streaming replica of a running server by the low-level backup interface, as the package has no `pg_basebackup`.
 * Where it is `synchronous`, the primary acknowledges nothing from now on that the replica does not have.
 *
 * @see The PostgreSQL documentation, "Making a Base Backup Using the Low Level API"
 */
export async function startReplica(
  primary: PostgresServer,
  options: { readonly synchronous?: boolean } = {},
): Promise<PostgresServer> {
  const client = new Client({ connectionString: primary.url() })
  await client.connect()
  try {
    const replica = await startPostgres({
      password: primary.password,
      fillData: (dataFolder) => copyData(primary, client, dataFolder),
    })
    await waitUntil(
      async () =>
        (await client.query(`select from pg_stat_replication where state = 'streaming'`)).rowCount === 1,
      () => `the replica does not follow:\n${replica.log()}`,
    )
    if (options.synchronous === true) {
      primary.configure({ synchronous_standby_names: '*' })
      primary.reload()
      await waitUntil(
        async () =>
          (await client.query(`select from pg_stat_replication where sync_state = 'sync'`)).rowCount === 1,
        () => 'the replica is not synchronous',
      )
    }
    return replica
  } finally {
    await client.end()
  }
}

async function copyData(primary: PostgresServer, client: Client, dataFolder: string): Promise<void> {
  await client.query(`select pg_backup_start('replica', true)`)
  execFileSync('cp', ['-a', `${primary.dataFolder}/.`, dataFolder])
  const { rows } = await client.query('select labelfile from pg_backup_stop(false)')
  rmSync(join(dataFolder, 'postmaster.pid'))
  const { host, port, user, password } = primary
  for (const [name, text] of [
    ['backup_label', String(rows[0]?.labelfile)],
    ['standby.signal', ''],
    [
      'postgresql.auto.conf',
      `primary_conninfo = 'host=${host} port=${port} user=${user} password=${password}'\n`,
    ],
  ] as const) {
    writeFileSync(join(dataFolder, name), text)
    primary.own(join(dataFolder, name))
  }
}
