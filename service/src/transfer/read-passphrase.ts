import { OperatorError } from '../operator-error.ts'
import { readSecretFile } from '../secret-file.ts'
import { MIN_PASSPHRASE_CHARACTERS } from './format.ts'

/**
 * Reads the passphrase of an export.
 *
 * @throws {StartupError} when the file is absent or open to others.
 * @throws {OperatorError} when it is too short.
 */
export function readPassphrase(file: string): string {
  const passphrase = readSecretFile(file, { name: `the passphrase file ${file}` })
  if (passphrase.length < MIN_PASSPHRASE_CHARACTERS)
    throw new OperatorError(`the passphrase is shorter than ${MIN_PASSPHRASE_CHARACTERS} characters`)
  return passphrase
}
