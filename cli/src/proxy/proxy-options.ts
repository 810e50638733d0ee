import { EXIT, Refusal } from '../exit-codes.ts'
import type { Options } from '../options.ts'

/** What a proxy is opened with. */
export interface OpenProxyOptions
  extends Pick<
    Options,
    'scopes' | 'apiVersion' | 'timeoutMs' | 'paths' | 'origins' | 'noSecret' | 'verbose'
  > {
  /** 0 for any. */
  readonly port: number
}

/**
 * Reads the options of a proxy out of those that were typed. No message repeats any of it.
 *
 * @param start What was typed to start the command.
 * @throws {Refusal} 2, for one that is not as it must be.
 */
export function readProxyOptions(options: Options, start: string): OpenProxyOptions {
  const { port = '', paths, origins, scopes } = options
  const refuse = (what: string): never => {
    throw new Refusal(EXIT.usage, `${what}; see ${start} --help`)
  }
  if (!(port === '' || isPort(port))) refuse('--port is a number from 1 to 65535')
  if (!paths.every(isPath))
    refuse('--allow-path is a path from / on, of letters, digits and -._~, and may end in /*')
  if (!origins.every(isOrigin))
    refuse('--allow-origin is an origin as a browser sends it, such as http://localhost:5173')
  if (paths.length > 0 && scopes.length === 0) refuse('--allow-path goes with --scope')
  return { ...options, port: Number(port) }
}

function isPort(text: string): boolean {
  return /^[1-9]\d{0,4}$/.test(text) && Number(text) < 65_536
}

function isPath(text: string): boolean {
  const segments = text.replace(/\/\*$/, '').split('/')
  return (
    segments.length > 1 && segments.every((segment, at) => (at === 0 ? segment === '' : isPlain(segment)))
  )
}

function isPlain(segment: string): boolean {
  return /^[\w.~-]+$/.test(segment) && segment !== '.' && segment !== '..'
}

function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text
}
