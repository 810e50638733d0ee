import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { ROOT } from './project.mjs'

/**
 * Exchanges a key through the built command, whose standard output and standard error are this process's own.
 *
 * @param {string} credentialsFile
 * @param {readonly string[]} scopes
 * @returns {Promise<number>} The command's exit code.
 */
export function exchangeKey(credentialsFile, scopes) {
  const args = ['cli/bin/interhuman-auth.js', 'token', ...scopes.flatMap((scope) => ['--scope', scope])]
  return new Promise((resolve, reject) => {
    const env = { ...withoutKeys(process.env), INTERHUMAN_CONFIG: credentialsFile }
    const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ['ignore', 'inherit', 'inherit'] })
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
}

/**
 * Reads the address that a credentials file stores; `undefined` when there is no such file or no address in it.
 *
 * @param {string} credentialsFile
 */
export async function readStoredAddress(credentialsFile) {
  const text = await readFile(credentialsFile, 'utf8').catch(() => '')
  return /^INTERHUMAN_API_URL=(\S+)$/m.exec(text)?.[1]
}

/** @param {NodeJS.ProcessEnv} environment */
function withoutKeys(environment) {
  const others = Object.entries(environment).filter(
    ([name]) => !name.startsWith('INTERHUMAN_KEY_') && name !== 'INTERHUMAN_API_URL',
  )
  return Object.fromEntries(others)
}
