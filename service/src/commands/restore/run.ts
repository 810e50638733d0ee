import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { CommandContext } from '../../command-group.ts'
import { dataFolder, prepareDataFolder } from '../../data-folder.ts'
import { openMasterKey } from '../../open-master-key.ts'
import { toAuditEntry } from '../../operations/acting.ts'
import { type ChangeSince, endWhatIsDead } from '../../operations/restore-changes.ts'
import { OperatorError } from '../../operator-error.ts'
import type { SqliteContents } from '../../store/sqlite-backup.ts'
import { openReplaced, putInPlace, type ReplacedDatabase, takeBackup } from '../../store/sqlite-restore.ts'
import { actingByCommand } from '../acting.ts'
import { openAuditChainKeyOf } from '../audit-chain-key.ts'
import { writeJson } from '../output.ts'

/**
 * `restore`: a backup in the place of the database of a stopped service. Everything is done to a copy beside it, which is whole
 * before it takes the place; the database before stays under another name.
 *
 * @param backup absolute.
 * @throws {OperatorError} when it is no whole backup, a service runs, or the master key is not that of the backup.
 */
export async function restoreStore(backup: string, context: CommandContext): Promise<void> {
  const { config, runtime } = context
  if (config.databaseUrl !== null)
    throw new OperatorError(
      'PostgreSQL is restored with its own tools, pg_restore or a base backup; see "PostgreSQL" in docs/operations.md',
    )
  prepareDataFolder(config.dataDir)
  const { database } = dataFolder(config.dataDir)
  const staging = join(config.dataDir, `restore-${runtime.randomBytes(8).toString('hex')}`)
  mkdirSync(staging, { mode: 0o700 })
  try {
    const restored = await restoreIn(staging, database, backup, context)
    report(restored, context)
  } finally {
    rmSync(staging, { recursive: true, force: true })
  }
}

interface Restored {
  readonly contents: SqliteContents
  /** What is known to have changed since; `undefined` where the database before cannot be read. */
  readonly changes: readonly ChangeSince[] | undefined
  /** Where the database before is; `null` where there was none. */
  readonly keptAs: string | null
}

async function restoreIn(
  staging: string,
  database: string,
  backup: string,
  context: CommandContext,
): Promise<Restored> {
  const staged = dataFolder(staging).database
  const contents = takeBackup(backup, staged)
  const keptAs = existsSync(database) ? `${database}.before-${formatMoment(context.runtime.now())}` : null
  // Brought up to date, so that both can be compared.
  await (await context.runtime.openStore({ ...context.config, dataDir: staging })).close()
  const replaced = keptAs === null ? undefined : openReplaced(database, staged)
  try {
    if (replaced !== undefined && replaced.running.length > 0)
      throw new OperatorError(
        `a service runs on this database (${replaced.running.join(', ')}); stop it, or wait 5 s after it was killed`,
      )
    const found = await settle(staging, replaced, { backup, contents }, context)
    if (replaced !== undefined && keptAs !== null) replaced.replace(staged, keptAs)
    else putInPlace(database, staged, keptAs ?? undefined)
    const changes = replaced === undefined && keptAs !== null ? undefined : found
    return { contents, changes, keptAs }
  } finally {
    replaced?.close()
  }
}

/** Makes the copy what shall be: another store to whoever listens, and with nothing alive in it that is dead. */
async function settle(
  staging: string,
  replaced: ReplacedDatabase | undefined,
  { backup, contents }: { readonly backup: string; readonly contents: SqliteContents },
  context: CommandContext,
): Promise<readonly ChangeSince[]> {
  const { config, runtime } = context
  const store = await runtime.openStore({ ...config, dataDir: staging })
  try {
    const { randomBytes } = runtime
    const { masterKey } = dataFolder(config.dataDir)
    const { renewable } = await openMasterKey(store, config, masterKey, randomBytes)
    store.chainAudit(() => openAuditChainKeyOf(store, context))
    const by = actingByCommand(context)
    const detail = { schema: contents.schemaVersion, compared: replaced !== undefined }
    const epoch = randomBytes(16).toString('hex')
    await store.renewEpoch(
      { epoch, revision: replaced?.revision ?? 0 },
      toAuditEntry(by, 'store.restore', basename(backup), { detail }),
    )
    if (replaced === undefined) return []
    return await endWhatIsDead({ store, masterKey: renewable, randomBytes }, replaced, by)
  } finally {
    await store.close()
  }
}

function report({ contents, changes, keptAs }: Restored, context: CommandContext): void {
  const { config, runtime, json } = context
  const next = `interhuman-auth-service signing-keys rotate --now --data-dir ${config.dataDir}`
  const keys = contents.rows.api_keys ?? 0
  if (json)
    writeJson(
      { schema: contents.schemaVersion, keys, kept_as: keptAs, changes: changes ?? null, next },
      context,
    )
  else {
    runtime.writeOutput(`restored ${keys} keys\n`)
    if (keptAs !== null) runtime.writeOutput(`the database before is ${keptAs}\n`)
    for (const { kind, id, told } of changes ?? []) runtime.writeOutput(`${kind} ${id}: ${told}\n`)
  }
  if (changes === undefined)
    runtime.writeMessage(
      'the database before cannot be read, so nothing is known of what was revoked since the backup; revoke it again',
    )
  else if (keptAs === null)
    runtime.writeMessage(
      'there was no database to compare with; revoke again what was revoked since the backup',
    )
  runtime.writeMessage(`tokens of keys that are gone still verify; rotate the signing key: ${next}`)
}

/** As a part of a file's name. */
function formatMoment(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString().replace(/[-:]|\.\d+/g, '')
}
