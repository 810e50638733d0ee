import type { Socket } from 'node:net'
import type { PeerCertificate, TLSSocket } from 'node:tls'
import { builtin } from './builtin.ts'

/** One step of the way to an address, as `check --online --json` tells it: what was found or went wrong, how long it took. */
export interface WayStep {
  readonly step: 'dns' | 'tcp' | 'tls'
  readonly duration_ms: number
  readonly found?: string
  readonly problem?: string
  /** What went wrong is a matter of dates. */
  readonly clock_may_be?: true
  readonly certificate?: CertificateFacts
}

/** What is told of a certificate. */
export interface CertificateFacts {
  readonly subject: string
  readonly issuer: string
  readonly days_left: number
}

const LONGEST_STEP_MS = 5000
const DAY_MS = 86_400_000

/**
 * Walks to an address: its name, a connection, TLS. Nothing is sent but the handshake, and the walk ends with the first
 * step that fails. A connection of its own, so that nothing of it is the exchange's.
 *
 * @param timeoutMs The longest that a step may take; 5 s at most.
 * @param now The clock, in milliseconds since 1970.
 */
export async function* walk(
  apiUrl: string,
  timeoutMs: number | undefined,
  now: () => number,
): AsyncGenerator<WayStep, void, void> {
  const url = new URL(apiUrl)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const limitMs = Math.min(timeoutMs ?? LONGEST_STEP_MS, LONGEST_STEP_MS)
  const { isIP, connect }: typeof import('node:net') = builtin('node:net')
  if (isIP(host) === 0) {
    const step = await take('dns', limitMs, now, async () => {
      const { promises }: typeof import('node:dns') = builtin('node:dns')
      const addresses = await promises.lookup(host, { all: true })
      return { found: `${host} is ${addresses.map(({ address }) => address).join(', ')}` }
    })
    yield step
    if (step.problem !== undefined) return
  }
  const isHttps = url.protocol === 'https:'
  const port = Number(url.port || (isHttps ? 443 : 80))
  // By name, as the exchange does: Node tries one address after the other.
  const socket = connect({ host, port })
  try {
    const step = await take('tcp', limitMs, now, async () => {
      await happens(socket, 'connect')
      return { found: `connected to ${socket.remoteAddress} port ${port}` }
    })
    yield step
    if (step.problem !== undefined || !isHttps) return
    yield await take('tls', limitMs, now, () => handshake(socket, isIP(host) === 0 ? host : '', host, now))
  } finally {
    socket.destroy()
  }
}

type Outcome = Omit<WayStep, 'step' | 'duration_ms'>

async function take(
  step: WayStep['step'],
  limitMs: number,
  now: () => number,
  act: () => Promise<Outcome>,
): Promise<WayStep> {
  const started = now()
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => resolve({ problem: `took longer than ${limitMs / 1000} s` }), limitMs)
  })
  const outcome = await Promise.race([act().catch(describeFault), tooLong])
  clearTimeout(timer)
  return { step, duration_ms: Math.max(0, Math.round(now() - started)), ...outcome }
}

function describeFault(fault: unknown): Outcome {
  const { code } = fault as NodeJS.ErrnoException
  return { problem: `failed${typeof code === 'string' ? ` (${code})` : ''}` }
}

async function handshake(
  socket: Socket,
  servername: string,
  host: string,
  now: () => number,
): Promise<Outcome> {
  const tls: typeof import('node:tls') = builtin('node:tls')
  // Not refused here, so that the certificate that is at fault can be told; nothing is sent over it.
  const secure: TLSSocket = tls.connect({ socket, servername, host, rejectUnauthorized: false })
  await happens(secure, 'secureConnect')
  const peer = secure.getPeerCertificate()
  const certificate = readCertificate(peer, now())
  const { subject, issuer, days_left: daysLeft } = certificate
  const found = `${secure.getProtocol()}, the certificate of ${subject} by ${issuer}, ${daysLeft} days left`
  if (secure.authorized) return { found, certificate }
  // A code of OpenSSL's or Node's own; the types say it is an error.
  const code = String(secure.authorizationError)
  const dates = /EXPIRED|NOT_YET_VALID/.test(code) ? ({ clock_may_be: true } as const) : {}
  return { problem: `not trusted (${code}): ${found}`, certificate, ...dates }
}

function readCertificate(peer: PeerCertificate, nowMs: number): CertificateFacts {
  const named = (name: PeerCertificate['subject'] | undefined) =>
    [name?.CN ?? name?.O ?? 'nobody'].flat().join(', ')
  return {
    subject: peer.subjectaltname?.replaceAll('DNS:', '') ?? named(peer.subject),
    issuer: named(peer.issuer),
    days_left: Math.floor((Date.parse(peer.valid_to) - nowMs) / DAY_MS),
  }
}

function happens(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, () => resolve())
    socket.on('error', reject)
    socket.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })))
  })
}
