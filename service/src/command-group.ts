import type { ParseArgsOptionsConfig } from 'node:util'
import type { Config, Reading } from './config.ts'
import type { Runtime } from './runtime.ts'
import { UsageError } from './usage-error.ts'

/** What the options of a command line hold, by name. */
export type OptionValues = Readonly<
  Record<string, string | boolean | readonly (string | boolean)[] | undefined>
>

/** What every command works with. */
export interface CommandContext {
  readonly config: Config
  readonly runtime: Runtime
  /** Whether the result is to be one JSON document. */
  readonly json: boolean
}

/** Commands with the same first word; `commands/groups.ts` lists them, and only the one that is asked for is loaded. */
export interface CommandGroup<Command = unknown> {
  /** Its options beside those that every command has. One that another group has as well is of the same type there. */
  readonly options: ParseArgsOptionsConfig
  /** Its lines of the usage in `--help`, without the program's name; a line that begins with a space goes on. */
  readonly usage: readonly string[]
  /** Options to be explained in `--help`: how each is written, and what it does. */
  readonly explainedOptions: readonly (readonly [string, string])[]
  /** Whether it runs with settings that are wrong, and tells of them itself. */
  readonly takesWrongSettings?: true
  /**
   * Reads what stands behind the first word.
   *
   * @throws {UsageError} which never repeats an argument: it could be a secret in the wrong place.
   */
  read(words: readonly string[], values: OptionValues): Command
  /**
   * Does what was read.
   *
   * @param settings the configuration with where each value came from, and what is wrong with it.
   * @returns the exit code: 0, or 1 where what was looked at is not as it should be.
   * @throws {OperatorError | UsageError} when it is not done.
   */
  run(command: Command, context: CommandContext, settings: Reading): Promise<number>
}

/** Reads an option that takes a text. */
export function readText(values: OptionValues, option: string): string | undefined {
  return values[option] as string | undefined
}

/**
 * Reads an option that takes a whole number.
 *
 * @throws {UsageError} when it is none from `min` to `max`.
 */
export function readInteger(
  values: OptionValues,
  option: string,
  min: number,
  max: number,
): number | undefined {
  const text = readText(values, option)
  if (text === undefined) return undefined
  if (!/^\d{1,9}$/.test(text) || Number(text) < min || Number(text) > max)
    throw new UsageError(`--${option} takes a whole number from ${min} to ${max}`)
  return Number(text)
}
