/**
 * Reads a stream to its end, and lets go of it when there is more.
 *
 * @returns `undefined` for more than `mostBytes`.
 */
export async function readUpTo(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  mostBytes: number,
): Promise<Uint8Array<ArrayBuffer>[] | undefined> {
  const reader = stream.getReader()
  const chunks = []
  for (let bytesLeft = mostBytes; bytesLeft >= 0; ) {
    const { done, value } = await reader.read()
    if (done) return chunks
    chunks.push(value)
    bytesLeft -= value.length
  }
  // Not waited for: one half of a cloned body ends with the other.
  reader.cancel().catch(() => {})
  return undefined
}
