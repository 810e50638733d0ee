import type { CommandRow } from './command-row.ts'
import { EXIT, Refusal } from './exit-codes.ts'
import { formatHelp } from './help.ts'
import { type Options, parseOptions } from './options.ts'
import { ReaderGone, standardOutput } from './output.ts'
import { type Surroundings, surroundingsOf } from './surroundings.ts'

/** A command: what was typed and what surrounds it, to an exit code. */
export type Command = (options: Options, surroundings: Surroundings) => Promise<number>

/**
 * Runs an entry to its end and leaves its exit code with the process, which ends by itself when everything is written.
 * A refusal is one line on standard error; so is a fault of our own, without its message, which could hold anything.
 */
export async function run(
  own: NodeJS.Process,
  entry: (argv: readonly string[], surroundings: Surroundings) => Promise<number>,
  readKeychain?: Parameters<typeof surroundingsOf>[1],
): Promise<void> {
  const surroundings = surroundingsOf(own, readKeychain)
  const refuse = (fault: unknown) => {
    if (fault instanceof ReaderGone) return EXIT.ok
    const refusal = fault instanceof Refusal ? fault : describeOwn(fault)
    surroundings.say(refusal.message)
    return refusal.exitCode
  }
  // Until it is known otherwise: a process that ends before its command does must not look like a success.
  own.exitCode = EXIT.other
  own.on('uncaughtException', (fault) => own.exit(refuse(fault)))
  own.exitCode = await entry(own.argv.slice(2), surroundings).catch(refuse)
}

/** Reads what was typed after a command's name, and runs the command or prints its help text. */
export async function runCommand(
  argv: readonly string[],
  row: CommandRow,
  surroundings: Surroundings,
  load: () => Promise<Command>,
): Promise<number> {
  const options = parseOptions(argv, row)
  if (options.help) return print(formatHelp(row), surroundings)
  const command = await load()
  if (!options.json) return command(options, surroundings)
  return command(options, surroundings).catch(async (fault: unknown) => {
    if (fault instanceof Refusal) await printJson(formatRefusal(fault), surroundings)
    throw fault
  })
}

/** The one object that `--json` gives of a refusal; a part that there is not is left out. */
export function formatRefusal({ exitCode, message, details }: Refusal): object {
  const { status, errorId, correlationId } = details
  return {
    ok: false,
    exit_code: exitCode,
    error: { message, status, error_id: errorId, correlation_id: correlationId },
  }
}

/** Writes one JSON object and a line end to standard output: what `--json` asks for. */
export async function printJson(value: object, surroundings: Surroundings): Promise<number> {
  return print(`${JSON.stringify(value)}\n`, surroundings)
}

/** Writes a text that was asked for to standard output. */
export async function print(text: string, { stdout }: Surroundings): Promise<number> {
  await standardOutput(stdout).write(Buffer.from(text))
  return EXIT.ok
}

function describeOwn(fault: unknown): Refusal {
  const name = fault instanceof Error ? fault.constructor.name : typeof fault
  return new Refusal(EXIT.other, `a fault of this program's own (${name}); please report how it came about`)
}
