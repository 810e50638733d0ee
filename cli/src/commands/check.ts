import { SCOPES } from '@interhuman-auth/protocol'
import { type Resolved, readSources, resolveCredential, type Source } from '../credentials/resolve.ts'
import { adviseOn, describeStatus, exchange } from '../exchange.ts'
import { EXIT, exitCodeOfStatus } from '../exit-codes.ts'
import { type BodyEnd, describeEnd, handOn } from '../hand-on.ts'
import type { Answer } from '../http-post.ts'
import type { Options } from '../options.ts'
import { printable, ReaderGone, standardOutput } from '../output.ts'
import type { Surroundings } from '../surroundings.ts'

/**
 * Says on standard output which sources hold a credential, which one counts and where its key goes; with `--online` also
 * whether one exchange works. Never a value of a credential, nor any part of an answer's body but its error id.
 *
 * @returns 0, or the exit code of the exchange.
 * @throws {Refusal} when no credential can be used.
 */
export async function check(options: Options, surroundings: Surroundings): Promise<number> {
  const print = printer(surroundings.stdout)
  const sources = [...readSources(surroundings)]
  for (const source of sources) await print(`${source.role}: ${describeSource(source)}`)
  const resolved = resolveCredential(sources, surroundings, options.apiUrl)
  await print(`used: ${resolved.source.role}`)
  await print(`address: ${resolved.apiUrl}`)
  if (!options.online) return EXIT.ok
  return checkOnline(resolved, options, print)
}

type Print = (line: string) => Promise<void>

function printer(stdout: NodeJS.WritableStream): Print {
  const { write } = standardOutput(stdout)
  return (line) =>
    write(Buffer.from(`${printable(line)}\n`)).catch((fault: unknown) => {
      if (!(fault instanceof ReaderGone)) throw fault
    })
}

function describeSource({ name, role, finding }: Source): string {
  const mode = finding.kind === 'absent' || finding.mode === undefined ? '' : ` (mode ${finding.mode})`
  const place = role === 'environment' ? '' : `${name}${mode} `
  if (finding.kind === 'found') return `${place}holds a credential`
  if (finding.kind === 'refused') return `${place}${finding.reason}`
  return role === 'environment' ? 'holds no credential' : `${place}does not exist`
}

async function checkOnline(resolved: Resolved, options: Options, print: Print): Promise<number> {
  const scopes = options.scopes.length > 0 ? options.scopes : SCOPES.slice(0, 1)
  const answer = await exchange(resolved, { ...options, scopes })
  const { end, errorId } = await readBody(answer)
  if (end !== 'whole') {
    await print(`online: the exchange did not work: ${describeStatus(answer)}; ${describeEnd(end)}`)
    return EXIT.other
  }
  const error = errorId === undefined ? '' : `, error ${errorId}`
  await print(
    answer.status === 200
      ? 'online: the exchange worked'
      : `online: the exchange did not work: ${describeStatus(answer)}${error}; ${adviseOn(answer.status)}`,
  )
  return exitCodeOfStatus(answer.status)
}

const LARGEST_ERROR_BYTES = 64 * 1024
const errorIdForm = /^[a-z]{2}\d{4}$/

/** Reads a body to its end, and of it the error id alone. */
async function readBody(answer: Answer): Promise<{ end: BodyEnd; errorId: string | undefined }> {
  const chunks: Uint8Array[] = []
  let length = 0
  const end = await handOn(answer.body, async (chunk) => {
    length += chunk.length
    if (length <= LARGEST_ERROR_BYTES) chunks.push(chunk)
  })
  return { end, errorId: parseErrorId(Buffer.concat(chunks).toString('utf8')) }
}

function parseErrorId(text: string): string | undefined {
  try {
    const { error_id: errorId } = JSON.parse(text) ?? {}
    return typeof errorId === 'string' && errorIdForm.test(errorId) ? errorId : undefined
  } catch {
    return undefined
  }
}
