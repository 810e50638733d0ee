import type { CommandContext } from '../command-group.ts'
import type { Acting } from '../operations/acting.ts'

/** Who changes something by a command: the user of the machine, now. */
export function actingByCommand({ runtime }: CommandContext): Acting {
  return { actor: `command:${runtime.user}`, origin: 'command', now: runtime.now() }
}
