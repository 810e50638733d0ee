// A process of its own: sends exchanges at a rate, whatever is answered, and tells what came back and how long that took. A
// request goes out on a connection that is free; where none is, it counts as one that was not sent. Bounded by time.
import { connect } from 'node:net'
import { requestOf } from './keys.mjs'

/** @typedef {{ port: number, connections: number, keys: number, perSecond: number, ms: number, skipMs: number }} OpenOrder */
/** @typedef {{ seconds: number, sent: number, unsent: number, accepted: number, shed: number, failed: number, p50: number, p99: number, shedP99: number, lateP99: number }} OpenResult */

process.on('message', async (/** @type {OpenOrder} */ order) => {
  process.send?.(await load(order))
})

/**
 * @param {OpenOrder} order
 * @returns {Promise<OpenResult>}
 */
async function load({ port, connections, keys, perSecond, ms, skipMs }) {
  const requests = Array.from({ length: keys }, (_, index) => requestOf(index))
  const tally = {
    isOn: false,
    failed: 0,
    accepted: /** @type {number[]} */ ([]),
    shed: /** @type {number[]} */ ([]),
  }
  /** @type {Line[]} */
  const free = []
  const lines = await Promise.all(Array.from({ length: connections }, () => openLine(port, tally, free)))
  free.push(...lines)
  /** @type {number[]} */
  const late = []
  let sent = 0
  let unsent = 0
  const started = performance.now()
  let due = started
  await new Promise((/** @type {(value?: unknown) => void} */ resolve) => {
    // Without a pause: a process that sleeps is woken late, and its waking is charged to the server.
    const turn = () => {
      const now = performance.now()
      tally.isOn = now - started >= skipMs
      for (; due <= now; due += gap(perSecond)) {
        const line = free.shift()
        if (tally.isOn) {
          late.push(now - due)
          if (line === undefined) unsent++
          else sent++
        }
        line?.send(requests[Math.floor(Math.random() * keys)] ?? '')
      }
      if (now - started < ms) setImmediate(turn)
      else resolve()
    }
    turn()
  })
  const seconds = (performance.now() - started - skipMs) / 1000
  for (const line of lines) line.close()
  return {
    seconds,
    sent,
    unsent,
    accepted: tally.accepted.length,
    shed: tally.shed.length,
    failed: tally.failed,
    p50: percentile(tally.accepted, 0.5),
    p99: percentile(tally.accepted, 0.99),
    shedP99: percentile(tally.shed, 0.99),
    lateP99: percentile(late, 0.99),
  }
}

/** Requests of many clients come at random, not in step. @param {number} perSecond @returns milliseconds to the next one */
function gap(perSecond) {
  return (-Math.log(1 - Math.random()) * 1000) / perSecond
}

/** @param {number[]} values @param {number} share */
function percentile(values, share) {
  values.sort((a, b) => a - b)
  return values[Math.floor((values.length - 1) * share)] ?? 0
}

/** @typedef {{ send(request: string): void, close(): void }} Line */
/** @typedef {{ isOn: boolean, failed: number, accepted: number[], shed: number[] }} Tally */

/**
 * @param {number} port
 * @param {Tally} tally
 * @param {Line[]} free where it puts itself once it was answered
 * @returns {Promise<Line>}
 */
function openLine(port, tally, free) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    let sentAt = 0
    let received = ''
    /** @type {Line} */
    const line = {
      send(request) {
        sentAt = performance.now()
        socket.write(request)
      },
      close: () => socket.destroy(),
    }
    socket.setEncoding('latin1')
    socket.once('connect', () => resolve(line))
    socket.once('error', reject)
    socket.on('data', (text) => {
      received += text
      const head = received.indexOf('\r\n\r\n')
      const length = /content-length: (\d+)/i.exec(received)?.[1]
      if (head === -1 || length === undefined || received.length < head + 4 + Number(length)) return
      if (tally.isOn) {
        const ms = performance.now() - sentAt
        if (received.startsWith('HTTP/1.1 200')) tally.accepted.push(ms)
        else if (received.startsWith('HTTP/1.1 503')) tally.shed.push(ms)
        else tally.failed++
      }
      received = ''
      free.push(line)
    })
  })
}
