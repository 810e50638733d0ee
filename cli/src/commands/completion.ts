import { COMMANDS } from '../command-table.ts'
import { formatCompletion, type Shell } from '../completion.ts'
import type { Options } from '../options.ts'
import { print } from '../run.ts'
import type { Surroundings } from '../surroundings.ts'

/** Prints the completion of a shell, from the table that the help texts are written from. */
export function completion({ operand }: Options, surroundings: Surroundings): Promise<number> {
  return print(formatCompletion(operand as Shell, COMMANDS), surroundings)
}
