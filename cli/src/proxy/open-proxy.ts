import { builtin } from '../builtin.ts'
import type { Resolved } from '../credentials/resolve.ts'
import { EXIT, Refusal } from '../exit-codes.ts'
import type { Surroundings } from '../surroundings.ts'
import { type RunningProxy, startProxy } from './proxy.ts'
import type { OpenProxyOptions } from './proxy-options.ts'
import type { ExchangeEvent } from './serve.ts'

const SECRET_BYTES = 32

/**
 * Opens a proxy for a key, with a secret of this run unless told otherwise. With `verbose` each request is a line on
 * standard error.
 *
 * @throws {Refusal} 5 when it cannot listen.
 */
export async function openProxy(
  resolved: Resolved,
  options: OpenProxyOptions,
  surroundings: Surroundings,
  monotonicMs: () => number = () => performance.now(),
): Promise<RunningProxy> {
  const { scopes, paths, origins, port, noSecret, verbose, apiVersion, timeoutMs } = options
  const { randomBytes }: typeof import('node:crypto') = builtin('node:crypto')
  const load = async () => {
    const { createProxyTokens } = await import('./proxy-tokens.ts')
    return createProxyTokens(resolved, { apiVersion, timeoutMs }, surroundings, monotonicMs)
  }
  let loading: ReturnType<typeof load> | undefined
  const tokens = async (scopes: readonly string[]) => {
    loading ??= load()
    return (await loading)(scopes)
  }
  try {
    return await startProxy({
      apiUrl: resolved.apiUrl,
      tokens,
      scopes,
      paths,
      origins,
      port,
      secret: noSecret ? undefined : randomBytes(SECRET_BYTES).toString('base64url'),
      env: surroundings.env,
      newCorrelationId: () => crypto.randomUUID(),
      monotonicMs,
      onExchange: (event) => {
        if (verbose) surroundings.say(formatExchange(event))
      },
    })
  } catch (fault) {
    const { code = 'unknown' } = fault as NodeJS.ErrnoException
    if (code === 'EADDRINUSE')
      throw new Refusal(EXIT.other, `port ${port} is taken; name another with --port`)
    throw new Refusal(EXIT.other, `this machine does not let the proxy listen (${code}); name another --port`)
  }
}

function formatExchange({ method, path, status, durationMs, errorId, systemCode }: ExchangeEvent): string {
  const own = errorId === undefined ? '' : ` (${[errorId, systemCode].filter(Boolean).join(', ')})`
  const end = status === undefined ? 'the client left' : `${status}${own}`
  return `${method} ${path ?? '(not let in)'} ${end} ${Math.round(durationMs)} ms`
}
