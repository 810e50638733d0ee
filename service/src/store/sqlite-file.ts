import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs'
import { StartupError } from '../startup-error.ts'
import { SCHEMA_VERSION } from './migrations/migrations.ts'

/** Marks a database file as this program's: `IHAU` in ASCII (SQLite's `application_id`). */
export const APPLICATION_ID = 0x49484155

const MAGIC = 'SQLite format 3\0'
const HEADER_BYTES = 100

/**
 * Looks at a database file without opening it as a database, so that one that cannot be used is left as it is.
 * A file that does not exist or is empty is a new one.
 *
 * @throws {StartupError} when the file is damaged, another program's, or newer than this program.
 * @see The SQLite file format, section 1.3 (offsets of the header's fields)
 */
export function inspectSqliteFile(file: string): void {
  if (!existsSync(file) || statSync(file).size === 0) return
  const header = readHeader(file)
  if (header.toString('latin1', 0, MAGIC.length) !== MAGIC || header.length < HEADER_BYTES)
    throw damaged(file)
  refuseTruncated(file, header)
  refuseForeign(file, header.readUInt32BE(68), header.readUInt32BE(60))
}

/**
 * Refuses a schema that is not this program's or newer than it.
 *
 * @throws {StartupError}
 */
export function refuseForeign(file: string, applicationId: number, schemaVersion: number): void {
  // Both are 0 in a file that was made and never migrated, because the first start was cut short.
  if (applicationId === 0 && schemaVersion === 0) return
  if (applicationId !== APPLICATION_ID) throw foreign(file)
  if (schemaVersion > SCHEMA_VERSION)
    throw new StartupError(
      `${file} was made by a newer version (schema ${schemaVersion}, this program knows ${SCHEMA_VERSION}); use that version`,
    )
}

/** The one line for a database that is not ours. */
export function foreign(file: string): StartupError {
  return new StartupError(`${file} is the database of another program; name another data folder`)
}

/** The one line for a database that cannot be read. */
export function damaged(file: string): StartupError {
  return new StartupError(`${file} is damaged or not a database; put a backup in its place`)
}

function readHeader(file: string): Buffer {
  let descriptor: number | undefined
  try {
    descriptor = openSync(file, 'r')
    const header = Buffer.alloc(HEADER_BYTES)
    return header.subarray(0, readSync(descriptor, header, 0, HEADER_BYTES, 0))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new StartupError(`${file} cannot be read (${code}); check its permissions`)
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

/** With a write-ahead log beside it the file may rightly be shorter than its header says. */
function refuseTruncated(file: string, header: Buffer): void {
  if (existsSync(`${file}-wal`) && statSync(`${file}-wal`).size > 0) return
  const pageSize = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16)
  const sizeIsCurrent = header.readUInt32BE(24) === header.readUInt32BE(92)
  if (sizeIsCurrent && statSync(file).size < header.readUInt32BE(28) * pageSize) throw damaged(file)
}
