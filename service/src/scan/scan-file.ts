import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { createSecretFinder, type FoundSecret } from './find-secrets.ts'

/** How much of a file is in memory at a time. */
const PIECE_BYTES = 1024 * 1024

/**
 * Finds the secrets in a file of any size, in pieces.
 *
 * @throws whatever the file system throws: the file cannot be read, or not to its end.
 */
export async function* scanFile(path: string): AsyncGenerator<FoundSecret> {
  // A pipe that has taken the file's place meanwhile is not waited for, and a link is not followed.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  try {
    const finder = createSecretFinder()
    const piece = Buffer.allocUnsafe(PIECE_BYTES)
    for (;;) {
      const { bytesRead } = await handle.read(piece, 0, PIECE_BYTES, null)
      if (bytesRead === 0) return
      yield* finder.push(piece.subarray(0, bytesRead))
    }
  } finally {
    await handle.close()
  }
}
