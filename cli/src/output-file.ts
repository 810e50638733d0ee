import { basename, dirname, join, sep } from 'node:path'
import { builtin } from './builtin.ts'
import { EXIT, Refusal } from './exit-codes.ts'
import type { Output } from './output.ts'
import type { Surroundings } from './surroundings.ts'

const {
  closeSync,
  fsyncSync,
  lstatSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
}: typeof import('node:fs') = builtin('node:fs')

const OWNER_ONLY = 0o600

/**
 * Opens a file that appears whole or not at all: a new one beside it (0600), flushed to the disk, then put in its place.
 * Never through a symbolic link, never over what is not a regular file or is another user's.
 *
 * @throws {Refusal} before anything is sent, when the file cannot be made there; from `write` and `finish`, when the disk
 *   does not take it.
 * @see Our contract, section 8
 */
export function fileOutput(path: string, surroundings: Pick<Surroundings, 'uid' | 'atSignal'>): Output {
  refuseUnsafeTarget(path, surroundings.uid)
  const temporary = join(dirname(path), `.${basename(path)}.${crypto.randomUUID()}.tmp`)
  const descriptor = attempt(EXIT.usage, () => openSync(temporary, 'wx', OWNER_ONLY))
  let open = true
  const discard = () => {
    if (!open) return
    open = false
    closeSync(descriptor)
    unlinkSync(temporary)
  }
  surroundings.atSignal(discard)
  return {
    write: async (chunk) => {
      for (let written = 0; written < chunk.length; )
        written += attempt(EXIT.other, () => writeSync(descriptor, chunk, written))
    },
    finish: async () => {
      attempt(EXIT.other, () => {
        fsyncSync(descriptor)
        renameSync(temporary, path)
      })
      open = false
      closeSync(descriptor)
    },
    discard,
  }
}

function refuseUnsafeTarget(path: string, uid: number | undefined): void {
  if (path.endsWith('/') || path.endsWith(sep)) throw refuse('is not a regular file; name another')
  const found = attempt(EXIT.usage, () => lstatSync(path, { throwIfNoEntry: false }))
  if (found === undefined) return
  if (found.isSymbolicLink()) throw refuse('is a symbolic link; name the file itself')
  if (!found.isFile()) throw refuse('is not a regular file; name another')
  if (uid !== undefined && found.uid !== uid) throw refuse('belongs to another user; name another')
}

function refuse(what: string): Refusal {
  return new Refusal(EXIT.usage, `the output file ${what}; nothing was sent`)
}

function attempt<T>(exitCode: number, action: () => T): T {
  try {
    return action()
  } catch (fault) {
    const { code } = fault as NodeJS.ErrnoException
    const when = exitCode === EXIT.usage ? 'nothing was sent' : 'the answer came, and nothing of it was kept'
    throw new Refusal(exitCode, `the output file cannot be written (${code}); ${when}`)
  }
}
