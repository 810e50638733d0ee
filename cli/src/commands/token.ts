import { resolve } from 'node:path'
import { readSources, resolveCredential } from '../credentials/resolve.ts'
import { adviseOn, describeStatus, exchange } from '../exchange.ts'
import { EXIT, exitCodeOfStatus } from '../exit-codes.ts'
import { type BodyEnd, describeEnd, handOn } from '../hand-on.ts'
import type { Answer } from '../http-post.ts'
import type { Options } from '../options.ts'
import { type Output, ReaderGone, standardOutput } from '../output.ts'
import { fileOutput } from '../output-file.ts'
import type { Surroundings } from '../surroundings.ts'

/**
 * Exchanges the key for a token and hands the answer's bytes on, untouched.
 *
 * @returns The exit code, by the status alone, or 5 when not all of the body could be handed on.
 * @throws {Refusal} when there is no answer to hand on, or nowhere to put it.
 * @see Our contract, sections 8 and 9
 */
export async function token(options: Options, surroundings: Surroundings): Promise<number> {
  const resolved = resolveCredential(readSources(surroundings), surroundings, options.apiUrl)
  const output = openOutput(options, surroundings)
  try {
    const answer = await exchange(resolved, options)
    const end = await handOnTo(output, answer)
    if (end === 'whole') await output.finish()
    report(answer, end, options, surroundings)
    return end === 'whole' ? exitCodeOfStatus(answer.status) : EXIT.other
  } finally {
    output.discard()
  }
}

function openOutput(options: Options, surroundings: Surroundings): Output {
  if (options.output === undefined) return standardOutput(surroundings.stdout)
  return fileOutput(options.output, surroundings)
}

async function handOnTo(output: Output, answer: Answer): Promise<BodyEnd> {
  try {
    return await handOn(answer.body, output.write)
  } catch (fault) {
    if (fault instanceof ReaderGone) return 'whole'
    throw fault
  }
}

function report(answer: Answer, end: BodyEnd, { output }: Options, { say }: Surroundings): void {
  if (answer.status !== 200)
    say(`the service answered with ${describeStatus(answer)}; ${adviseOn(answer.status)}`)
  if (end !== 'whole') {
    const kept =
      output === undefined ? 'what came of it is on standard output' : 'the output file was left as it was'
    say(`${describeEnd(end)}; ${kept}`)
  } else if (output !== undefined) say(`the answer is in ${resolve(output)}`)
}
