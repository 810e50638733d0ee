const INTEGER_BYTES = 32

/**
 * Turns the DER form of a P-256 signature, two integers in a sequence, into the two integers side by side that a JWS has.
 * Node does the same when it is asked for `ieee-p1363`, at the price of a key object made anew for each signature, which
 * costs about as much as the signature itself.
 *
 * @see RFC 7518 section 3.4; RFC 3279 section 2.2.3
 */
export function toRawSignature(der: Buffer): Buffer {
  // Out of the pool: memory of its own costs several times as much.
  const raw = Buffer.allocUnsafe(2 * INTEGER_BYTES).fill(0)
  // 0x30 length 0x02 length r 0x02 length s; every length of a P-256 signature fits in one byte.
  const end = copyInteger(der, 2, raw, 0)
  copyInteger(der, end, raw, INTEGER_BYTES)
  return raw
}

/** Copies the integer at `offset` without its sign byte, right-aligned, and gives back where it ends. */
function copyInteger(der: Buffer, offset: number, raw: Buffer, target: number): number {
  const length = der[offset + 1] ?? 0
  const end = offset + 2 + length
  const start = Math.max(offset + 2, end - INTEGER_BYTES)
  der.copy(raw, target + INTEGER_BYTES - (end - start), start, end)
  return end
}

/**
 * Turns the two integers side by side that a JWS has into the DER form, which Node checks at about two thirds of the price
 * of `ieee-p1363`.
 *
 * @param raw 64 bytes.
 * @see RFC 7518 section 3.4; RFC 3279 section 2.2.3
 */
export function toDerSignature(raw: Buffer): Buffer {
  const r = formatInteger(raw.subarray(0, INTEGER_BYTES))
  const s = formatInteger(raw.subarray(INTEGER_BYTES))
  return Buffer.concat([Buffer.from([0x30, r.length + s.length]), r, s])
}

/** Without leading zeros, but with one where the integer would else be negative. */
function formatInteger(bytes: Buffer): Buffer {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1
  const digits = bytes.subarray(start)
  const sign = (digits[0] ?? 0) > 0x7f ? [0] : []
  return Buffer.concat([Buffer.from([0x02, digits.length + sign.length, ...sign]), digits])
}
