import { basename } from 'node:path'
import { createSecretFinder, type FoundSecret, redactSecrets } from '../../scan/find-secrets.ts'
import { judgeSecret, type SecretVerdict } from '../../scan/judge-secret.ts'
import { scanFile } from '../../scan/scan-file.ts'
import { errorCode, walkFiles } from '../../scan/walk-files.ts'
import type { KeysContext } from './context.ts'

/** A place where a secret stands. */
interface Finding extends SecretVerdict {
  readonly path: string
  /** `null` where it stands in the name of the file. */
  readonly line: number | null
}

interface Counts {
  files: number
  findings: number
  alive: number
  unreadable: number
  links: number
}

/**
 * `keys scan`: finds the secrets of keys, verifiers and admin tokens in files, and says by their ids which are alive. No
 * secret is ever written, not even one that stands in the name of a file.
 *
 * @returns 1 where one is alive or something could not be read, 0 otherwise.
 */
export async function scanPaths(paths: readonly string[], context: KeysContext): Promise<number> {
  const counts: Counts = { files: 0, findings: 0, alive: 0, unreadable: 0, links: 0 }
  const report = openReport(context)
  const judge = rememberLast((secret) => judgeSecret(secret, context.store, context.runtime.now()))
  const tell = async (
    path: string,
    { secret, line }: Pick<FoundSecret, 'secret'> & { line: number | null },
  ) => {
    const verdict = await judge(secret)
    counts.findings += 1
    if (verdict.state === 'alive') counts.alive += 1
    report.add({ path: redactSecrets(path), line, ...verdict })
  }
  const refuse = (path: string, code: string) => {
    counts.unreadable += 1
    context.runtime.writeMessage(`${redactSecrets(path)} cannot be read (${code})`)
  }
  for await (const step of walkFiles(paths)) {
    const { path } = step
    for (const { secret } of createSecretFinder().push(Buffer.from(basename(path))))
      await tell(path, { secret, line: null })
    if (step.kind === 'link') counts.links += 1
    else if (step.kind === 'unreadable') refuse(path, step.code)
    else if (step.kind === 'file') {
      counts.files += 1
      try {
        for await (const found of scanFile(path)) await tell(path, found)
      } catch (error) {
        // One that has gone meanwhile holds nothing any more.
        if (errorCode(error) !== 'ENOENT') refuse(path, errorCode(error))
      }
    }
  }
  report.end(counts)
  return counts.alive + counts.unreadable > 0 ? 1 : 0
}

/** A file often has one secret many times. */
function rememberLast<T>(judge: (secret: string) => Promise<T>): (secret: string) => Promise<T> {
  let last: { readonly secret: string; readonly verdict: T } | undefined
  return async (secret) => {
    if (last?.secret !== secret) last = { secret, verdict: await judge(secret) }
    return last.verdict
  }
}

/** Each finding is written when it is made: there can be more of them than memory. */
function openReport({ json, runtime }: KeysContext) {
  let isFirst = true
  if (json) runtime.writeOutput('{"findings":[')
  return {
    add(finding: Finding) {
      if (json) runtime.writeOutput(`${isFirst ? '' : ','}${JSON.stringify(finding)}`)
      else runtime.writeOutput(`${formatFinding(finding)}\n`)
      isFirst = false
    },
    end(counts: Counts) {
      if (json) runtime.writeOutput(`],"counts":${JSON.stringify(counts)}}\n`)
      else runtime.writeMessage(formatCounts(counts))
    },
  }
}

function formatFinding({ path, line, kind, id, state }: Finding): string {
  return `${path}:${line ?? 'its name'}: ${kind.replace('_', ' ')} ${id ?? 'that is not of this store'}: ${state}`
}

function formatCounts({ files, findings, alive, unreadable, links }: Counts): string {
  const rest = links === 0 ? '' : `; ${links} symbolic links were not followed`
  return `${files} files: ${findings} secrets, ${alive} of them alive; ${unreadable} could not be read${rest}`
}
