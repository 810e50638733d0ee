import { connect } from 'node:net'

/** @typedef {'kept' | 'new'} Mode Connections that are kept, or a new one for each request. */
/** @typedef {import('./expect.mjs').Answer} Answer */
/** @typedef {import('./requests.mjs').RawRequest} RawRequest */
/** @typedef {{ socket: import('node:net').Socket, text: string, idleSince: number, take: ((text: string | Error) => boolean) | undefined }} Connection */

/** Most connections to a port; what comes above it waits. */
const MAX_CONNECTIONS = 256
/** The service closes an idle connection after 30 s; one that is nearly so old is not used. */
const MAX_IDLE_MS = 20_000
const ANSWER_TIMEOUT_MS = 20_000
/** Whoever closes first holds the port for a minute; with a new connection each that is to be the service. */
const CLOSE_TIMEOUT_MS = 2000

/**
 * Sends requests, one after the other on a connection, and gives their answers.
 */
export function createWire() {
  /** @type {Map<number, { open: number, idle: Connection[], waiting: (() => void)[] }>} */
  const pools = new Map()
  const poolOf = (/** @type {number} */ port) => {
    const pool = pools.get(port) ?? { open: 0, idle: [], waiting: [] }
    pools.set(port, pool)
    return pool
  }

  /** @param {number} port @returns {Connection} */
  function open(port) {
    const pool = poolOf(port)
    pool.open += 1
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    /** @type {Connection} */
    const connection = { socket, text: '', idleSince: 0, take: undefined }
    const fail = (/** @type {Error} */ error) => {
      pool.idle = pool.idle.filter((other) => other !== connection)
      connection.take?.(error)
      socket.destroy()
    }
    socket.setEncoding('latin1')
    socket.on('data', (text) => {
      connection.text += text
      if (connection.take?.(connection.text) === true) connection.text = ''
    })
    socket.once('error', fail)
    socket.once('end', () => fail(new Error('closed without an answer')))
    socket.once('close', () => {
      connection.take?.(new Error('closed without an answer'))
      pool.open -= 1
      pool.idle = pool.idle.filter((other) => other !== connection)
      pool.waiting.shift()?.()
    })
    return connection
  }

  /** @param {number} port @param {Mode} mode @returns {Promise<Connection>} */
  async function borrow(port, mode) {
    const pool = poolOf(port)
    for (;;) {
      const connection = mode === 'kept' ? pool.idle.pop() : undefined
      if (connection !== undefined) {
        if (performance.now() - connection.idleSince < MAX_IDLE_MS) return connection
        connection.socket.destroy()
      } else if (pool.open < MAX_CONNECTIONS) return open(port)
      else await new Promise((/** @type {(value?: undefined) => void} */ go) => pool.waiting.push(go))
    }
  }

  /** @param {number} port @param {Connection} connection @param {boolean} keep */
  function giveBack(port, connection, keep) {
    if (keep) {
      const pool = poolOf(port)
      connection.idleSince = performance.now()
      pool.idle.push(connection)
      pool.waiting.shift()?.()
      return
    }
    const timer = setTimeout(() => connection.socket.destroy(), CLOSE_TIMEOUT_MS)
    connection.socket.once('close', () => clearTimeout(timer))
  }

  return {
    /**
     * @param {number} port
     * @param {RawRequest} request
     * @param {Mode} mode
     * @returns {Promise<Answer>}
     */
    async send(port, { head, body }, mode) {
      const connection = await borrow(port, mode)
      return new Promise((resolve, reject) => {
        const startedAt = performance.now()
        const timer = setTimeout(
          () => connection.socket.destroy(new Error('no answer in time')),
          ANSWER_TIMEOUT_MS,
        )
        connection.take = (text) => {
          const answer = typeof text === 'string' ? readAnswer(text, startedAt) : text
          if (answer === undefined) return false
          clearTimeout(timer)
          connection.take = undefined
          if (answer instanceof Error) {
            reject(answer)
            return true
          }
          giveBack(port, connection, mode === 'kept' && answer.headers.connection !== 'close')
          resolve(answer)
          return true
        }
        const close = mode === 'new' ? 'Connection: close\r\n' : ''
        connection.socket.write(`${head}${close}\r\n${body}`, 'latin1')
      })
    },
    /** Closes what is idle. */
    closeIdle() {
      for (const { idle } of pools.values()) for (const { socket } of idle.splice(0)) socket.end()
    },
  }
}

/** @param {string} text @param {number} startedAt @returns {Answer | undefined} nothing while it is not whole */
function readAnswer(text, startedAt) {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const [line = '', ...lines] = text.slice(0, end).split('\r\n')
  /** @type {Record<string, string>} */
  const headers = {}
  for (const each of lines) {
    const colon = each.indexOf(':')
    headers[each.slice(0, colon).toLowerCase()] = each.slice(colon + 1).trim()
  }
  const length = Number(headers['content-length'])
  if (text.length < end + 4 + length) return undefined
  const body = Buffer.from(text.slice(end + 4), 'latin1').toString()
  return { status: Number(line.split(' ', 2)[1]), headers, body, startedAt, endedAt: performance.now() }
}
