import { BodyFault, MAX_BODY_BYTES } from './hand-on.ts'

/**
 * Decodes a body that came encoded although `identity` was asked for: gzip, deflate, br, and several in a row. An encoding
 * that is not known is handed on as it came. Of a body that is cut short, what can be decoded is given first. The whole is
 * gathered before: this is the exception, and a decoder fed bit by bit keeps its last bytes back when a fault ends it.
 *
 * @throws {BodyFault} after what could be given.
 */
export async function* decode(
  body: AsyncIterable<Uint8Array>,
  encoding: string,
): AsyncGenerator<Uint8Array, void, void> {
  const decoders = readCodings(encoding)
  if (decoders === undefined || decoders.length === 0) return yield* body
  const { bytes, fault } = await gather(body)
  let decoded: Decoded = { bytes, cut: fault !== undefined }
  for (const decoder of decoders) decoded = await decodeOnce(decoder, decoded)
  if (decoded.bytes.length > 0) yield decoded.bytes
  if (decoded.cut) throw fault ?? new BodyFault('cut_short')
}

interface Decoded {
  readonly bytes: Buffer
  readonly cut: boolean
}

type Decoder = (zlib: typeof import('node:zlib'), bytes: Buffer, lenient: boolean) => Buffer

const gzip: Decoder = (zlib, bytes, lenient) =>
  zlib.gunzipSync(bytes, { ...bound, finishFlush: flushOf(zlib, lenient) })

const deflate: Decoder = (zlib, bytes, lenient) => {
  // RFC 9110 section 8.4.1.2: some send the raw form, which lacks the header with an 8 in its low half byte.
  const inflate = ((bytes[0] ?? 8) & 15) === 8 ? zlib.inflateSync : zlib.inflateRawSync
  return inflate(bytes, { ...bound, finishFlush: flushOf(zlib, lenient) })
}

const br: Decoder = (zlib, bytes, lenient) => {
  const { BROTLI_OPERATION_FINISH, BROTLI_OPERATION_FLUSH } = zlib.constants
  const finishFlush = lenient ? BROTLI_OPERATION_FLUSH : BROTLI_OPERATION_FINISH
  return zlib.brotliDecompressSync(bytes, { ...bound, finishFlush })
}

const bound = { maxOutputLength: MAX_BODY_BYTES }

function flushOf(zlib: typeof import('node:zlib'), lenient: boolean): number {
  return lenient ? zlib.constants.Z_SYNC_FLUSH : zlib.constants.Z_FINISH
}

const MAX_CODINGS = 5
const known = new Map([
  ['gzip', gzip],
  ['x-gzip', gzip],
  ['deflate', deflate],
  ['br', br],
])

/** The decoders of a `Content-Encoding`, the last applied first; `undefined` if it is not known or too long a row. */
function readCodings(encoding: string): Decoder[] | undefined {
  const names = encoding.split(',').map((name) => name.trim().toLowerCase())
  const codings = names.filter((name) => name !== '' && name !== 'identity').reverse()
  const decoders = codings.flatMap((coding) => known.get(coding) ?? [])
  return decoders.length === codings.length && codings.length <= MAX_CODINGS ? decoders : undefined
}

async function decodeOnce(decoder: Decoder, { bytes, cut }: Decoded): Promise<Decoded> {
  if (bytes.length === 0) return { bytes, cut }
  const zlib = await import('node:zlib')
  try {
    return { bytes: decoder(zlib, bytes, false), cut }
  } catch (fault) {
    const { code } = fault as NodeJS.ErrnoException
    if (code === 'ERR_BUFFER_TOO_LARGE') throw new BodyFault('too_large')
    if (code !== 'Z_BUF_ERROR') throw new BodyFault('undecodable')
  }
  try {
    return { bytes: decoder(zlib, bytes, true), cut: true }
  } catch {
    throw new BodyFault('undecodable')
  }
}

async function gather(body: AsyncIterable<Uint8Array>): Promise<{ bytes: Buffer; fault: unknown }> {
  const chunks: Uint8Array[] = []
  let room = MAX_BODY_BYTES
  try {
    for await (const chunk of body) {
      room -= chunk.length
      if (room < 0) throw new BodyFault('too_large')
      chunks.push(chunk)
    }
    return { bytes: Buffer.concat(chunks), fault: undefined }
  } catch (fault) {
    return { bytes: Buffer.concat(chunks), fault }
  }
}
