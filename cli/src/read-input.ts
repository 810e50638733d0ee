import { EXIT, Refusal } from './exit-codes.ts'

const MAX_INPUT_BYTES = 64 * 1024

/**
 * Reads standard input to its end, as UTF-8.
 *
 * @throws {Refusal} 2 when it is larger than 64 KiB, not UTF-8, or cannot be read.
 */
export async function readInput(stdin: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let room = MAX_INPUT_BYTES
  try {
    for await (const chunk of stdin) {
      room -= chunk.length
      if (room < 0) throw new Refusal(EXIT.usage, 'standard input is larger than 64 KiB; nothing was done')
      chunks.push(chunk)
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
  } catch (fault) {
    if (fault instanceof Refusal) throw fault
    throw new Refusal(EXIT.usage, 'standard input cannot be read as UTF-8 text; nothing was done')
  }
}
