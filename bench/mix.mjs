import { fork } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from '../test/support/start-postgres.ts'
import { formatMix, wrongAnswers } from './mix/report.mjs'
import { holdHighest } from './mix/search.mjs'
import { startWorld } from './mix/world.mjs'
import { rootPath } from './processes.mjs'

/** @typedef {{ short: boolean, minutes: number, seed?: number }} MixOptions `minutes` for each kind of connection. */

const PLAN = { stepMs: 6000, halvings: 3, first: 200, most: 6400 }
const SHORT_PLAN = { stepMs: 1000, halvings: 0, first: 100, most: 200, holdMs: 3000 }
/** Behind the end of what it was told to send. */
const PATIENCE_MS = 60_000

/**
 * A mix of every kind of right and wrong request at the highest rate that is held, with each answer compared; with
 * kept-alive connections, then with a new one each. Sets the exit code if an answer was wrong.
 *
 * @param {(step: string) => void} say
 * @param {MixOptions} options
 * @returns {Promise<string>} The report.
 */
export async function measureMix(say, { short, minutes, seed = randomInt(2 ** 31) }) {
  const plan = short ? SHORT_PLAN : { ...PLAN, holdMs: minutes * 60_000 }
  const root = mkdtempSync(join(tmpdir(), 'interhuman-auth-bench-'))
  const postgres = await startPostgres()
  try {
    say(`seed ${seed}`)
    const { world, stop } = await startWorld(postgres.url(), root, { seed, few: short })
    try {
      const helds = await runLoads(world, plan, say)
      if (wrongAnswers(helds) > 0) process.exitCode = 1
      return formatMix(helds, seed)
    } finally {
      await stop()
    }
  } finally {
    await postgres.remove()
    rmSync(root, { recursive: true, force: true })
  }
}

/** @param {import('./mix/world.mjs').World} world @param {import('./mix/search.mjs').Plan} plan @param {(step: string) => void} say */
async function runLoads(world, plan, say) {
  const child = fork(rootPath('bench/mix/load.mjs'))
  child.send(world)
  /** @type {import('./mix/search.mjs').RunLoad} */
  const run = (order) =>
    new Promise((resolve, reject) => {
      const end = (/** @type {number | null} */ code) => reject(new Error(`the load ended with ${code}`))
      const timer = setTimeout(() => child.kill('SIGKILL'), order.ms + PATIENCE_MS)
      child.once('close', end)
      child.once('message', (/** @type {import('./mix/load.mjs').Result} */ result) => {
        clearTimeout(timer)
        child.off('close', end)
        resolve(result)
      })
      child.send(order)
    })
  try {
    return [await holdHighest(run, 'kept', plan, say), await holdHighest(run, 'new', plan, say)]
  } finally {
    child.kill()
  }
}
