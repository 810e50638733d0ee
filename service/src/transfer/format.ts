import { scryptSync } from 'node:crypto'
import type { TransferRow, TransferredTable } from '../store/transfer.ts'

/** What the first line of an export says. */
export interface ExportHeader {
  readonly format: 'interhuman-auth-store'
  readonly version: 1
  /** The version of the schema whose rows these are. */
  readonly schema: number
  /** In ISO 8601. */
  readonly created_at: string
  /** How the passphrase becomes the key that signing keys and secrets are sealed under. */
  readonly sealing: Sealing
  readonly rows: Readonly<Record<TransferredTable, number>>
}

/** scrypt and its parameters (RFC 7914). */
export interface Sealing {
  readonly kdf: 'scrypt'
  readonly n: number
  readonly r: number
  readonly p: number
  /** In base64url. */
  readonly salt: string
}

/** What the last line says. */
export interface ExportFooter {
  readonly rows: Readonly<Record<TransferredTable, number>>
  /** Of every byte before this line, in hexadecimal. */
  readonly sha256: string
}

/** The fewest characters of a passphrase: what it guards may lie about for years. */
export const MIN_PASSPHRASE_CHARACTERS = 16

/** What a new export uses: 128 MiB and about half a second. */
export const SCRYPT: Omit<Sealing, 'salt'> = { kdf: 'scrypt', n: 2 ** 17, r: 8, p: 1 }

/** Makes the sealing key of a passphrase. Parameters that are not ours are refused before they cost anything. */
export function deriveSealingKey(passphrase: string, { n, r, p, salt }: Sealing): Buffer {
  if (n !== SCRYPT.n || r !== SCRYPT.r || p !== SCRYPT.p) throw new Error('unknown parameters of scrypt')
  return scryptSync(passphrase.normalize('NFC'), Buffer.from(salt, 'base64url'), 32, {
    N: n,
    r,
    p,
    maxmem: 256 * 1024 * 1024,
  })
}

/** Writes a row as one line: its table, and its columns with bytes as `{"b64": …}`. */
export function formatRow(table: TransferredTable, row: TransferRow): string {
  const columns = Object.entries(row).map(([name, value]) => [
    name,
    Buffer.isBuffer(value) ? { b64: value.toString('base64') } : value,
  ])
  return `${JSON.stringify([table, Object.fromEntries(columns)])}\n`
}

/** Reads what {@link formatRow} wrote. */
export function parseRow(line: string): readonly [TransferredTable, TransferRow] {
  const [table, columns] = JSON.parse(line) as [TransferredTable, Record<string, unknown>]
  const read = (value: unknown) =>
    typeof value === 'object' && value !== null && 'b64' in value
      ? Buffer.from(String(value.b64), 'base64')
      : (value as string | number | null)
  return [table, Object.fromEntries(Object.entries(columns).map(([name, value]) => [name, read(value)]))]
}
