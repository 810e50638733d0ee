import { COMMANDS } from '../command-table.ts'
import { readSources, resolveCredential } from '../credentials/resolve.ts'
import { childEnvironment } from '../exec/child-environment.ts'
import { refuseAbsentProgram } from '../exec/find-program.ts'
import { replaceProcess } from '../exec/replace.ts'
import { EXIT, Refusal } from '../exit-codes.ts'
import type { Options } from '../options.ts'
import type { OpenProxyOptions } from '../proxy/proxy-options.ts'
import type { Surroundings } from '../surroundings.ts'
import { livingToken } from '../token-cache.ts'

/** A command cannot renew the token that it is given. */
const LEAST_LIFE_SECONDS = 300

/**
 * Runs a command with a living token in its environment and without the key. Where the system can, the command takes the
 * place of this process; elsewhere, and with a proxy around it, it is a child, and this process passes on what comes.
 *
 * @returns The command's exit code.
 * @throws {Refusal} when no token can be had, and 126 or 127 when the command cannot be run.
 */
export async function exec(options: Options, surroundings: Surroundings): Promise<number> {
  const { env, platform, own } = surroundings
  const proxied = await readProxied(options)
  const resolved = resolveCredential(readSources(surroundings), surroundings, options.apiUrl)
  if (platform !== 'win32') refuseAbsentProgram(options.rest[0] ?? '', env)
  if (proxied !== undefined) {
    const { runProxied } = await import('../exec/run-proxied.ts')
    return runProxied(resolved, proxied, options.rest, surroundings)
  }
  const { minLifeSeconds = LEAST_LIFE_SECONDS } = options
  let isSilent = true
  const say = (line: string) => {
    isSilent = false
    surroundings.say(line)
  }
  const listening: Surroundings = Object.create(surroundings, { say: { value: say } })
  const token = await livingToken(resolved, { ...options, minLifeSeconds }, listening)
  const childEnv = childEnvironment(env, token.value, resolved.apiUrl)
  // A stream that Node has written to may not block any more, which the command would inherit.
  if (isSilent) replaceProcess(own, options.rest, childEnv)
  const { runChild } = await import('../exec/run-child.ts')
  return runChild(own, options.rest, childEnv)
}

async function readProxied(options: Options): Promise<OpenProxyOptions | undefined> {
  const { start } = COMMANDS.exec
  const refuse = (what: string): never => {
    throw new Refusal(EXIT.usage, `${what}; see ${start} --help`)
  }
  if (!options.proxy) {
    if (options.paths.length > 0) refuse('--allow-path goes with --proxy')
    if (options.verbose) refuse('--verbose goes with --proxy')
    return undefined
  }
  if (options.minLifeSeconds !== undefined) refuse('--min-life goes without --proxy')
  const { readProxyOptions } = await import('../proxy/proxy-options.ts')
  return readProxyOptions(options, start)
}
