import { fork } from 'node:child_process'
import { rootPath } from '../processes.mjs'

/**
 * Runs one measurement in a process of its own, and gives what it tells.
 *
 * @param {string} file in this folder
 * @param {object} order
 * @returns {Promise<any>}
 */
export async function runPart(file, order) {
  const child = fork(rootPath(`bench/client/${file}`), { execArgv: ['--expose-gc'] })
  const timer = setTimeout(() => child.kill('SIGKILL'), 120_000)
  try {
    return await new Promise((resolve, reject) => {
      child.once('message', resolve)
      child.once('error', reject)
      child.once('close', (code, signal) => reject(new Error(`${file} ended with ${code ?? signal}`)))
      child.send(order)
    })
  } finally {
    clearTimeout(timer)
    child.kill()
  }
}
