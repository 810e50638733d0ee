import { resolve } from 'node:path'
import type { CommandGroup } from '../../command-group.ts'
import { UsageError } from '../../usage-error.ts'

/** `restore FILE`: SQLite, while the service is stopped. */
export const restoreGroup: CommandGroup<{ readonly backup: string }> = {
  options: {},
  usage: ['restore FILE'],
  explainedOptions: [],
  read([file, ...rest]) {
    if (file === undefined || file === '' || rest.length > 0) throw new UsageError('restore needs one file')
    return { backup: resolve(file) }
  },
  async run({ backup }, context) {
    const { restoreStore } = await import('./run.ts')
    await restoreStore(backup, context)
    return 0
  },
}
