import { readSources, resolveCredential, type Source } from './credentials/resolve.ts'
import { EXIT } from './exit-codes.ts'
import type { Options } from './options.ts'
import { printable, ReaderGone, standardOutput } from './output.ts'
import type { Surroundings } from './surroundings.ts'

/**
 * Says on standard output which sources hold a credential, which one counts and where its key goes, never a value.
 *
 * @throws {Refusal} when no credential can be used.
 */
export async function checkSources(options: Options, surroundings: Surroundings): Promise<number> {
  const print = linePrinter(surroundings)
  const sources = [...readSources(surroundings)]
  for (const source of sources) await print(describeSource(source))
  const { source, apiUrl } = resolveCredential(sources, surroundings, options.apiUrl)
  await print(`used: ${source.role}`)
  await print(`address: ${apiUrl}`)
  return EXIT.ok
}

/** Tells a finding: lines for people at once, or else a part of the one JSON object at the end. */
export type Tell = (lines: readonly string[], part: object) => Promise<void>

/** Writes lines to standard output; a reader that has gone ends nothing, as the exit code is still to come. */
export function linePrinter({ stdout }: Surroundings): (line: string) => Promise<void> {
  const { write } = standardOutput(stdout)
  return (line) =>
    write(Buffer.from(`${printable(line)}\n`)).catch((fault: unknown) => {
      if (!(fault instanceof ReaderGone)) throw fault
    })
}

/** Says on one line what a source holds. */
export function describeSource({ name, role, finding }: Source): string {
  const mode = finding.kind === 'absent' || finding.mode === undefined ? '' : ` (mode ${finding.mode})`
  const isFile = role !== 'environment' && role !== 'keychain'
  const place = isFile ? `${role}: ${name}${mode} ` : `${role}: `
  if (finding.kind === 'found') return `${place}holds a credential`
  if (finding.kind === 'refused') return `${place}${finding.reason}`
  if (finding.reason !== undefined) return `${place}cannot be asked: ${finding.reason}`
  return isFile ? `${place}does not exist` : `${place}holds no credential`
}
