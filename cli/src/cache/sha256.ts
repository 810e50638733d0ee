/** The first 32 bits of the fractional part of a root, as the standard makes its constants. */
function fraction(root: number): number {
  return ((root - Math.floor(root)) * 2 ** 32) | 0
}

const primes: number[] = []
for (let number = 2; primes.length < 64; number++)
  if (primes.every((prime) => number % prime !== 0)) primes.push(number)
const constants = primes.map((prime) => fraction(Math.cbrt(prime)))
const initial = primes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)))

/**
 * Gives the SHA-256 of a text's UTF-8 bytes, in hexadecimal. Only the cache's: loading `node:crypto` takes a tenth of Node's
 * own start, and a command that finds its token needs nothing else of it.
 *
 * @see FIPS 180-4 section 6.2
 */
export function sha256(text: string): string {
  const state = [...initial]
  const words = pad(Buffer.from(text))
  for (let start = 0; start < words.length; start += 16) addBlock(state, words.subarray(start, start + 16))
  return state.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
}

/** FIPS 180-4 section 5.1.1: a one bit, zeros, and the length in bits, to a multiple of 64 bytes. */
function pad(bytes: Buffer): Uint32Array {
  const padded = Buffer.alloc(Math.ceil((bytes.length + 9) / 64) * 64)
  bytes.copy(padded)
  padded[bytes.length] = 0x80
  padded.writeBigUInt64BE(BigInt(bytes.length) * 8n, padded.length - 8)
  return Uint32Array.from({ length: padded.length / 4 }, (_, at) => padded.readUInt32BE(at * 4))
}

function addBlock(state: number[], block: Uint32Array): void {
  const schedule = Int32Array.from({ length: 64 }, (_, at) => block[at] ?? 0)
  const word = (at: number) => schedule[at] ?? 0
  for (let at = 16; at < 64; at++) {
    const [early, late] = [word(at - 15), word(at - 2)]
    const one = turn(early, 7) ^ turn(early, 18) ^ (early >>> 3)
    const other = turn(late, 17) ^ turn(late, 19) ^ (late >>> 10)
    schedule[at] = word(at - 16) + one + word(at - 7) + other
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state
  for (let at = 0; at < 64; at++) {
    const choice = (e & f) ^ (~e & g)
    const first = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + choice + (constants[at] ?? 0) + word(at)
    const majority = (a & b) ^ (a & c) ^ (b & c)
    const second = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + majority
    ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0]
  }
  for (const [at, value] of [a, b, c, d, e, f, g, h].entries()) state[at] = ((state[at] ?? 0) + value) | 0
}

function turn(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits))
}
