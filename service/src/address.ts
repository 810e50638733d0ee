import { createServer } from 'node:net'
import { StartupError } from './startup-error.ts'

/** Where the service listens. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** Writes the URL under which a process on this machine reaches an address. */
export function formatAddress(address: Address): string {
  if (address.host === '0.0.0.0') return `http://127.0.0.1:${address.port}`
  if (address.host === '::') return `http://[::1]:${address.port}`
  return address.host.includes(':')
    ? `http://[${address.host}]:${address.port}`
    : `http://${address.host}:${address.port}`
}

/**
 * Finds out whether an address can be listened on, before anything else is touched.
 *
 * @throws {StartupError} when it cannot.
 */
export async function refuseTakenAddress(address: Address): Promise<void> {
  const probe = createServer()
  try {
    await new Promise<void>((resolve, reject) => {
      probe.once('error', reject)
      probe.listen(address.port, address.host, resolve)
    })
  } catch (error) {
    throw toAddressError(address, error)
  }
  await new Promise((resolve) => probe.close(resolve))
}

const FLAGS = { host: '--host', port: '--port' }

/** Says in one line why an address cannot be listened on, and by which flags another one is chosen. */
export function toAddressError(address: Address, error: unknown, flags = FLAGS): StartupError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  if (code === 'EADDRINUSE')
    return new StartupError(
      `port ${address.port} on ${address.host} is taken; stop what listens there or choose another with ${flags.port}`,
    )
  return new StartupError(
    `cannot listen on ${address.host} port ${address.port} (${code}); choose another with ${flags.host} and ${flags.port}`,
  )
}
