/** The longest client request id that is logged, in characters. */
const MAX_CLIENT_REQUEST_ID = 128

/** Printable ASCII: nothing that could move a terminal's cursor or turn text around. */
const printable = /^[\x21-\x7e]+$/

/**
 * Reads a client's own request id for the log. One that is longer or has other than printable ASCII is left out: it
 * identifies nothing that its sender could look for.
 */
export function readClientRequestId(header: string | string[] | undefined): string | undefined {
  const id = Array.isArray(header) ? header[0] : header
  return id !== undefined && id.length <= MAX_CLIENT_REQUEST_ID && printable.test(id) ? id : undefined
}
