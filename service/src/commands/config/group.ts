import type { CommandGroup } from '../../command-group.ts'
import { UsageError } from '../../usage-error.ts'

/** `config check`. */
export const configGroup: CommandGroup<'check'> = {
  options: {},
  usage: ['config check'],
  explainedOptions: [],
  takesWrongSettings: true,
  read(words) {
    const [word, ...rest] = words
    if (word !== 'check') throw new UsageError('config needs check')
    if (rest.length > 0) throw new UsageError('config check takes no argument')
    return word
  },
  async run(_command, context, settings) {
    const { checkConfig } = await import('./check.ts')
    return checkConfig(settings, context)
  },
}
