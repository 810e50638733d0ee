import type { ErrorRow } from '@interhuman-auth/protocol'
import { type ErrorReading, findErrorRow, guessErrorRow, readErrorBody } from '../error-body.ts'
import { EXIT, Refusal } from '../exit-codes.ts'
import { EXIT_MEANINGS } from '../exit-meanings.ts'
import type { Options } from '../options.ts'
import { printable } from '../output.ts'
import { readInput } from '../read-input.ts'
import { print, printJson } from '../run.ts'
import type { Surroundings } from '../surroundings.ts'

/** What is told of an error. */
interface Explanation {
  readonly error_id?: string | undefined
  readonly status?: number | undefined
  readonly title: string
  readonly cause: string
  readonly next_step: string
  /** The id was not named, and the row is the one that the status most likely means. */
  readonly guessed?: true | undefined
  readonly said?: string | undefined
  readonly fields?: Readonly<Record<string, string>> | undefined
  readonly correlation_id?: string | undefined
}

/**
 * Says the cause of an error and the next step, asking nobody: of the id that was typed, or of the error body on
 * standard input.
 *
 * @throws {Refusal} 2 when the id is not known, or what came is no error.
 */
export async function explain(options: Options, surroundings: Surroundings): Promise<number> {
  const explanation =
    options.operand === undefined ? await explainInput(surroundings) : explainId(options.operand)
  if (options.json) return printJson({ ok: true, ...explanation }, surroundings)
  return print(formatExplanation(explanation), surroundings)
}

function explainId(id: string): Explanation {
  const row = findErrorRow(id.toLowerCase())
  if (row === undefined)
    throw new Refusal(EXIT.usage, 'the id is not in the catalogue; docs/errors.md lists every one that is')
  return explainRow(row)
}

async function explainInput({ stdin }: Surroundings): Promise<Explanation> {
  if (stdin.isTTY)
    throw new Refusal(
      EXIT.usage,
      'there is nothing to explain; name an id, or give the error body on standard input',
    )
  const text = await readInput(stdin)
  const reading = readErrorBody(text)
  if (reading === undefined)
    throw new Refusal(EXIT.usage, 'standard input holds no error body; give it the answer as it came')
  return explainReading(reading)
}

function explainReading(reading: ErrorReading): Explanation {
  const { errorId, status, exitCode } = reading
  const told = {
    said: shorten(reading.message),
    correlation_id: reading.correlationId,
    fields: Object.keys(reading.problems).length === 0 ? undefined : reading.problems,
  }
  const row = errorId === undefined ? guessErrorRow(status) : findErrorRow(errorId)
  if (row !== undefined) return { ...explainRow(row), guessed: errorId === undefined || undefined, ...told }
  if (errorId !== undefined)
    throw new Refusal(
      EXIT.usage,
      "the id in the error body is not in the catalogue; the body's own message and link say more",
    )
  const meaning = EXIT_MEANINGS.find(({ code }) => code === exitCode)
  if (meaning === undefined)
    throw new Refusal(EXIT.usage, 'the error body names no id and no status that the catalogue has')
  return { title: `exit code ${meaning.code}`, cause: meaning.cause, next_step: meaning.nextStep, ...told }
}

function explainRow(row: ErrorRow): Explanation {
  return { error_id: row.id, status: row.status, title: row.title, cause: row.message, next_step: row.advice }
}

const LONGEST_MESSAGE = 500

function shorten(message: string | undefined): string | undefined {
  return message === undefined || message.length <= LONGEST_MESSAGE
    ? message
    : `${message.slice(0, LONGEST_MESSAGE)}…`
}

function formatExplanation(explanation: Explanation): string {
  const { error_id: id, status, title, guessed, cause, next_step: nextStep } = explanation
  const heading = id === undefined ? title : `${id} ${title} (status ${status})`
  const lines = [
    guessed ? `no id is named; status ${status} most likely means ${heading}` : heading,
    `cause: ${cause}`,
    `next step: ${nextStep}`,
  ]
  // What the service said in the catalogue's own words is not said twice.
  if (explanation.said !== undefined && explanation.said !== cause) lines.push(`said: ${explanation.said}`)
  for (const [field, problem] of Object.entries(explanation.fields ?? {}))
    lines.push(`field ${field}: ${problem}`)
  if (explanation.correlation_id !== undefined) lines.push(`correlation id: ${explanation.correlation_id}`)
  return lines.map((line) => `${printable(line)}\n`).join('')
}
