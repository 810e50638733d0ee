import type { Resolved } from '../credentials/resolve.ts'
import { openProxy } from '../proxy/open-proxy.ts'
import type { OpenProxyOptions } from '../proxy/proxy-options.ts'
import type { Surroundings } from '../surroundings.ts'
import { childEnvironment, type Environment } from './child-environment.ts'
import { runChild } from './run-child.ts'

/**
 * Runs a command with a proxy around it: it gets a base URL with a secret of this run, and never a token. The proxy ends
 * with the command.
 *
 * @returns The command's exit code.
 * @throws {Refusal} when the proxy cannot listen, and 126 or 127 when the command cannot be run.
 */
export async function runProxied(
  resolved: Resolved,
  options: OpenProxyOptions,
  command: readonly string[],
  surroundings: Surroundings,
): Promise<number> {
  const { env, own } = surroundings
  const { baseUrl, close } = await openProxy(resolved, options, surroundings)
  try {
    return await runChild(own, command, besideProxies(childEnvironment(env, undefined, baseUrl)))
  } finally {
    await close(0)
  }
}

const PROXY_NAMES = ['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY']

/** The base URL is this machine's own: a proxy that the environment names would be sent its secret, and could not reach it. */
function besideProxies(env: Environment): Environment {
  if (!PROXY_NAMES.some((name) => env[name])) return env
  const exceptions = ['no_proxy', 'NO_PROXY'].map((name) => [
    name,
    [env[name] || env.no_proxy || env.NO_PROXY, '127.0.0.1'].filter(Boolean).join(','),
  ])
  return { ...env, ...Object.fromEntries(exceptions) }
}
