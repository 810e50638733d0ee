import type { CommandGroup } from '../../command-group.ts'
import { UsageError } from '../../usage-error.ts'
import type { StartOptions } from './start.ts'

/** `start`. */
export const startGroup: CommandGroup<StartOptions> = {
  options: { 'first-key': { type: 'boolean' } },
  usage: ['start [--first-key]'],
  explainedOptions: [['--first-key', 'make a key and its credentials file if the store holds no key']],
  read(words, values) {
    if (words.length > 0) throw new UsageError('start takes no argument')
    if (values.json === true) throw new UsageError('start has no --json; its log is JSON, on standard error')
    return { firstKey: values['first-key'] === true }
  },
  async run(options, { config, runtime }) {
    const { findSupervisor } = await import('../../workers/cluster-worker.ts')
    const supervised = findSupervisor()
    if (config.workers > 1 && supervised === undefined) {
      const { startWorkers } = await import('./start-workers.ts')
      return startWorkers(config, runtime)
    }
    const { start } = await import('./start.ts')
    try {
      await start(config, options, runtime, supervised)
    } catch (error) {
      supervised?.leave()
      throw error
    }
    return 0
  },
}
