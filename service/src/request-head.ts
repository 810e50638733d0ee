import { METHODS } from 'node:http'
import { AUTHORIZATION_HEADER } from '@interhuman-auth/protocol'

/** What of a request's head can be wrong although Node's parser took it. */
export interface RequestHead {
  readonly httpVersion: string
  readonly headers: { readonly 'transfer-encoding'?: string | undefined }
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[]
}

const AUTHORIZATION = AUTHORIZATION_HEADER.toLowerCase()

/**
 * Says whether a head is one that we take: with HTTP/1.1 exactly one `Host`, one `Authorization` at most, of which Node
 * would show the first and a proxy may have read the last, and no transfer coding but `chunked`, which parsers have read
 * differently before.
 *
 * @see RFC 9112 sections 3.2 and 6.1; RFC 9110 sections 5.3 and 11.6.2
 */
export function isPlainHead(head: RequestHead): boolean {
  const coding = head.headers['transfer-encoding']
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return false
  let hosts = 0
  let authorizations = 0
  for (let index = 0; index < head.rawHeaders.length; index += 2) {
    const name = head.rawHeaders[index]
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1
    if (name?.length === AUTHORIZATION.length && name.toLowerCase() === AUTHORIZATION) authorizations += 1
  }
  if (authorizations > 1) return false
  return hosts === 1 || (hosts === 0 && head.httpVersion === '1.0')
}

const plainPath = /^\/[\w/.-]*$/

/** Reads the path out of a request target in origin form or absolute form (RFC 9112 section 3.2). */
export function pathOf(target = ''): string {
  if (plainPath.test(target)) return target
  return target.replace(/^https?:\/\/[^/?#]*/i, '').split(/[?#]/, 1)[0] ?? ''
}

/** A request line that Node's parser refused together with what followed. */
export interface RefusedLine {
  readonly target: string
  /** Whether the line is whole and its method is a word that HTTP could have, and none that Node knows. */
  readonly unknownMethod: boolean
}

/** More than this of a packet is not looked at. */
const MAX_LINE_BYTES = 2048

const requestLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}) (\/[!-~]*)( HTTP\/1\.[01]\r\n)?/

/** Reads the request line at the beginning of the bytes that Node's parser refused, where one stands there. */
export function readRefusedLine(packet: unknown): RefusedLine | undefined {
  if (!Buffer.isBuffer(packet)) return undefined
  const match = requestLine.exec(packet.toString('latin1', 0, MAX_LINE_BYTES))
  if (match === null) return undefined
  const [, method = '', target = '', version] = match
  return { target, unknownMethod: version !== undefined && !METHODS.includes(method) }
}
