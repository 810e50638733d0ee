import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib'
import { BodyFault, MAX_BODY_BYTES } from './hand-on.ts'

/**
 * Decodes a body that was encoded although `identity` was asked for: gzip, deflate, br, and several of them in a row. An
 * encoding that is not known is handed on as it came. Of a body that is cut short, what can be decoded is given first.
 * The whole is gathered before: this is the exception, and a decoder fed bit by bit keeps back its last bytes on a fault.
 *
 * @throws {BodyFault} after what could be given.
 */
export async function* decode(
  body: AsyncIterable<Uint8Array>,
  encoding: string,
): AsyncGenerator<Uint8Array, void, void> {
  const codings = encoding
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .reverse()
  if (codings.length > MAX_CODINGS || !codings.every(isKnown)) return yield* body
  const { bytes, fault } = await gather(body)
  let decoded: { bytes: Buffer; cut: boolean } = { bytes, cut: fault !== undefined }
  for (const coding of codings) decoded = decodeOnce(coding, decoded.bytes, decoded.cut)
  if (decoded.bytes.length > 0) yield decoded.bytes
  if (fault !== undefined) throw fault
  if (decoded.cut) throw new BodyFault('cut_short')
}

const MAX_CODINGS = 5

const decoders = {
  gzip: (bytes: Buffer, finishFlush: number) => gunzipSync(bytes, { finishFlush, ...bound }),
  deflate: (bytes: Buffer, finishFlush: number) =>
    // RFC 9110 section 8.4.1.2: some send the raw form, which lacks the zlib header's 8 in the low half byte.
    ((bytes[0] ?? 8) & 15) === 8
      ? inflateSync(bytes, { finishFlush, ...bound })
      : inflateRawSync(bytes, { finishFlush, ...bound }),
  br: (bytes: Buffer, finishFlush: number) =>
    brotliDecompressSync(bytes, {
      finishFlush:
        finishFlush === constants.Z_FINISH
          ? constants.BROTLI_OPERATION_FINISH
          : constants.BROTLI_OPERATION_FLUSH,
      ...bound,
    }),
} as const

const bound = { maxOutputLength: MAX_BODY_BYTES }
const aliases: Readonly<Record<string, keyof typeof decoders>> = {
  __proto__: null as never,
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
  br: 'br',
}

function isKnown(coding: string): boolean {
  return coding === 'identity' || aliases[coding] !== undefined
}

function decodeOnce(coding: string, bytes: Buffer, cut: boolean): { bytes: Buffer; cut: boolean } {
  const name = aliases[coding]
  if (name === undefined || bytes.length === 0) return { bytes, cut }
  try {
    return { bytes: decoders[name](bytes, constants.Z_FINISH), cut }
  } catch (fault) {
    const { code } = fault as { code?: unknown }
    if (code === 'ERR_BUFFER_TOO_LARGE') throw new BodyFault('too_large')
    if (code !== 'Z_BUF_ERROR') throw new BodyFault('undecodable')
    return { bytes: decoders[name](bytes, constants.Z_SYNC_FLUSH), cut: true }
  }
}

async function gather(body: AsyncIterable<Uint8Array>): Promise<{ bytes: Buffer; fault: unknown }> {
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of body) {
      length += chunk.length
      if (length > MAX_BODY_BYTES) throw new BodyFault('too_large')
      chunks.push(chunk)
    }
    return { bytes: Buffer.concat(chunks), fault: undefined }
  } catch (fault) {
    return { bytes: Buffer.concat(chunks), fault }
  }
}
