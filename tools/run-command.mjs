import { spawn } from 'node:child_process'
import { ROOT } from './project.mjs'

/**
 * @typedef {object} CommandResult
 * @property {number} code The exit code; 1 when a signal ended the process.
 * @property {string} output Standard output and standard error as they came.
 */

/**
 * Runs a Node script of the project on the Node that runs this one, and collects what it writes.
 *
 * @param {readonly string[]} command The script and its arguments, relative to the root.
 * @param {{ show?: boolean, env?: Record<string, string> }} [options] `show` passes the output on as it comes.
 * @returns {Promise<CommandResult>} Never rejects for an exit code.
 */
export function runScript(command, { show = false, env = {} } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...command], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    })
    let output = ''
    const take = (/** @type {Buffer} */ chunk) => {
      output += chunk.toString()
      if (show) process.stdout.write(chunk)
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    child.once('error', reject)
    child.once('close', (code) => resolve({ code: code ?? 1, output }))
  })
}
