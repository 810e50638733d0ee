import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { CommandGroup } from '../../command-group.ts'
import { dataFolder } from '../../data-folder.ts'
import { OperatorError } from '../../operator-error.ts'
import { StartupError } from '../../startup-error.ts'
import { UsageError } from '../../usage-error.ts'
import { writeFields } from '../output.ts'

/** `backup FILE`: SQLite, while the service runs or not. */
export const backupGroup: CommandGroup<{ readonly target: string }> = {
  options: {},
  usage: ['backup FILE'],
  explainedOptions: [],
  read([file, ...rest]) {
    if (file === undefined || file === '' || rest.length > 0) throw new UsageError('backup needs one file')
    return { target: resolve(file) }
  },
  async run({ target }, context) {
    const { config, runtime } = context
    if (config.databaseUrl !== null)
      throw new OperatorError(
        'PostgreSQL is backed up with its own tools, pg_dump or pg_basebackup; see "PostgreSQL" in docs/operations.md',
      )
    const { database } = dataFolder(config.dataDir)
    if (!existsSync(database))
      throw new StartupError(
        `there is no database in ${config.dataDir}; name the service's folder with --data-dir`,
      )
    const { backUpSqlite } = await import('../../store/sqlite-backup.ts')
    const { schemaVersion, rows } = await backUpSqlite(database, target, runtime.randomBytes)
    const told = {
      file: target,
      schema: schemaVersion,
      keys: rows.api_keys ?? 0,
      audit_rows: rows.audit ?? 0,
    }
    writeFields(context.json ? { ...told, rows } : told, context)
    return 0
  },
}
