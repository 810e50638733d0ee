// A process of its own: sends exchanges over kept-alive connections, each with the key of a random index, or one of the
// requests that it is given, and tells how many were answered with 200 and how long they took. Bounded by time.
import { connect } from 'node:net'
import { requestOf } from './keys.mjs'

/** @typedef {{ ports: readonly number[], connections: number, ms: number, keys?: number, requests?: readonly string[], from?: number }} LoadOrder An equal part of the connections to each port; `requests` in turn, beginning at `from`. */
/** @typedef {{ answered: number, failed: number, p50: number, p99: number, seconds: number, next: number }} LoadResult `next` is where the requests go on. */

process.on('message', async (/** @type {LoadOrder} */ order) => {
  process.send?.(await load(order))
})

/**
 * @param {LoadOrder} order
 * @returns {Promise<LoadResult>}
 */
async function load({ ports, connections, ms, keys = 1, requests, from = 0 }) {
  let turn = from
  const next = () => requests?.[turn++ % requests.length] ?? requestOf(Math.floor(Math.random() * keys))
  const started = process.hrtime.bigint()
  const end = started + BigInt(ms) * 1_000_000n
  /** @type {number[]} */
  const micros = []
  const counts = { failed: 0 }
  stayAwake(end)
  await Promise.all(
    Array.from({ length: connections }, (_, index) =>
      drive(ports[index % ports.length] ?? 0, next, end, micros, counts),
    ),
  )
  const seconds = Number(process.hrtime.bigint() - started) / 1e9
  micros.sort((a, b) => a - b)
  const at = (/** @type {number} */ share) => micros[Math.floor((micros.length - 1) * share)] ?? 0
  return { answered: micros.length, failed: counts.failed, p50: at(0.5), p99: at(0.99), seconds, next: turn }
}

/**
 * Keeps this process from sleeping: waking it would be charged to the server that answers, and the more so the slower it is.
 *
 * @param {bigint} end
 */
function stayAwake(end) {
  if (process.hrtime.bigint() < end) setImmediate(stayAwake, end)
}

/**
 * @param {number} port
 * @param {() => string} next
 * @param {bigint} end
 * @param {number[]} micros
 * @param {{ failed: number }} counts
 * @returns {Promise<void>}
 */
function drive(port, next, end, micros, counts) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    let sent = 0n
    let received = ''
    const send = () => {
      sent = process.hrtime.bigint()
      socket.write(next())
    }
    socket.setEncoding('latin1')
    socket.setTimeout(30_000, () => socket.destroy(new Error('no answer within 30 s')))
    socket.once('connect', send)
    socket.once('error', reject)
    socket.on('data', (text) => {
      received += text
      const head = received.indexOf('\r\n\r\n')
      const length = /content-length: (\d+)/i.exec(received)?.[1]
      if (head === -1 || length === undefined || received.length < head + 4 + Number(length)) return
      const now = process.hrtime.bigint()
      if (received.startsWith('HTTP/1.1 200') && !received.includes('"active":false'))
        micros.push(Number(now - sent) / 1000)
      else counts.failed++
      received = ''
      if (now < end) return send()
      socket.end()
      resolve()
    })
  })
}
