import { EXIT, Refusal } from './exit-codes.ts'

/** Where the bytes of an answer go. */
export interface Output {
  readonly write: (chunk: Uint8Array) => Promise<void>
  /** After a whole body: what goes to a file appears there now. */
  readonly finish: () => Promise<void>
  /** After anything else, and where nothing came at all: leaves nothing of a file behind. */
  readonly discard: () => void
}

/** The reader of standard output has gone: nothing is wrong, and nothing more is to be written. */
export class ReaderGone extends Error {
  override readonly name = 'ReaderGone'
}

/**
 * Writes to standard output, each chunk when the one before is taken.
 *
 * @throws {ReaderGone} from `write`, when the pipe is closed.
 * @throws {Refusal} from `write`, when it cannot be written to for another reason.
 */
export function standardOutput(stdout: NodeJS.WritableStream): Output {
  // The error also comes as an event, which would end the process with a stack trace.
  stdout.on('error', () => {})
  const write = (chunk: Uint8Array) =>
    new Promise<void>((resolve, reject) => {
      stdout.write(chunk, (fault?: Error | null) => {
        if (fault === null || fault === undefined) return resolve()
        const { code } = fault as NodeJS.ErrnoException
        if (code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED') return reject(new ReaderGone())
        reject(
          new Refusal(
            EXIT.other,
            `standard output cannot be written (${code}); the answer was not handed on whole`,
          ),
        )
      })
    })
  return { write, finish: async () => {}, discard: () => {} }
}

/** Makes control, format and line-separating characters visible, so that a name or a header cannot drive a terminal. */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  )
}
