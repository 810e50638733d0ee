import { COMMANDS } from '../command-table.ts'
import { readSources, resolveCredential } from '../credentials/resolve.ts'
import { EXIT } from '../exit-codes.ts'
import type { Options } from '../options.ts'
import { openProxy } from '../proxy/open-proxy.ts'
import { readProxyOptions } from '../proxy/proxy-options.ts'
import { print, printJson } from '../run.ts'
import type { Surroundings } from '../surroundings.ts'

/** For requests that are on their way when a signal comes. */
const GRACE_MS = 5_000

/**
 * Runs a proxy on loopback until a signal comes. Its base URL is the one line on standard output, there once it listens.
 *
 * @throws {Refusal} when there is no credential, or it cannot listen.
 */
export async function proxy(options: Options, surroundings: Surroundings): Promise<number> {
  const asked = readProxyOptions(options, COMMANDS.proxy.start)
  const resolved = resolveCredential(readSources(surroundings), surroundings, options.apiUrl)
  const { baseUrl, close } = await openProxy(resolved, asked, surroundings)
  try {
    const told = options.json
      ? printJson({ base_url: baseUrl }, surroundings)
      : print(`${baseUrl}\n`, surroundings)
    await Promise.all([told, firstSignal(surroundings.own)])
    await close(GRACE_MS)
  } finally {
    await close(0)
  }
  return EXIT.ok
}

/** The first signal is waited for; a second ends the process as it would any other. */
function firstSignal(own: NodeJS.Process): Promise<void> {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const usual = signals.map((signal) => ({ signal, listeners: own.rawListeners(signal) }))
  return new Promise((resolve) => {
    const stop = () => {
      for (const { signal, listeners } of usual) {
        own.removeListener(signal, stop)
        for (const listener of listeners) own.on(signal, listener as NodeJS.SignalsListener)
      }
      resolve()
    }
    for (const { signal } of usual) own.removeAllListeners(signal).on(signal, stop)
  })
}
