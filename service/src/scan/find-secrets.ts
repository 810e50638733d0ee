import { hasChecksum, MAX_SECRET_LENGTH, SECRET_PATTERN } from '../secret-format.ts'

/** A secret that stands in a text, and in which line. */
export interface FoundSecret {
  readonly secret: string
  /** Counted from 1; in what is no text it says little. */
  readonly line: number
}

/** Finds secrets in what comes in pieces. */
export interface SecretFinder {
  /** Looks at the next piece; a secret that was cut by the end of one is found with the next. */
  push(piece: Buffer): readonly FoundSecret[]
}

/**
 * Makes a finder of one file. What holds zero bytes is looked at without them, so that a secret in UTF-16 is found as well;
 * what is compressed or encoded is not unpacked. Each piece is looked at once, and what is kept of it is shorter than a secret.
 */
export function createSecretFinder(): SecretFinder {
  const pattern = new RegExp(SECRET_PATTERN, 'g')
  let rest = ''
  let lineOfRest = 1
  return {
    push(piece) {
      const text = rest + readText(piece)
      const found: FoundSecret[] = []
      let line = lineOfRest
      let counted = 0
      let looked = 0
      const countTo = (end: number) => {
        for (; counted < end; counted += 1) if (text.charCodeAt(counted) === NEWLINE) line += 1
      }
      pattern.lastIndex = 0
      for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
        const { 0: secret, index } = match
        if (hasChecksum(secret)) {
          countTo(index)
          found.push({ secret, line })
          looked = index + secret.length
        }
        // A real one can begin inside of what only looks like one.
        else pattern.lastIndex = index + 1
      }
      const kept = Math.max(looked, text.length - MAX_SECRET_LENGTH + 1)
      countTo(kept)
      rest = text.slice(kept)
      lineOfRest = line
      return found
    },
  }
}

const NEWLINE = 10

/** One character a byte, so that no byte is lost but the zero ones. */
function readText(piece: Buffer): string {
  return (piece.includes(0) ? withoutZeros(piece) : piece).toString('latin1')
}

/** A file of zeros has a million of them a piece: too many for a pattern. */
function withoutZeros(piece: Buffer): Buffer {
  const kept = Buffer.allocUnsafe(piece.length)
  let length = 0
  for (const byte of piece) {
    kept[length] = byte
    if (byte !== 0) length += 1
  }
  return kept.subarray(0, length)
}

/** Writes a text that may hold secrets, such as the name of a file, without them and on one line. */
export function redactSecrets(text: string): string {
  return text
    .replace(new RegExp(SECRET_PATTERN, 'g'), (secret) => `${secret.slice(0, secret.indexOf('_', 3) + 1)}[…]`)
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\ufffd')
}
