/** What fetch is called with, the URL aside: an init or a `Request`, whose headers are nobody else's. */
export type Carrier = Request | (RequestInit & { readonly headers: Headers })

/** What fetch was called with, to be called with once more perhaps. */
export interface RepeatableCall {
  readonly signal: AbortSignal | undefined
  /** Whether sending takes a while or can be done once only, so that the token should be good for long. */
  readonly isHeavy: boolean
  readonly first: Carrier
  /** The same once more, once the first was sent; `undefined` if it cannot be. */
  again(): Carrier | undefined
}

/** The most, in bytes, that is kept of a body to send it again, and above which sending it takes a while. */
const LARGE_BYTES = 2 ** 20

// By name, so that those of another realm or a package count as well. Nothing that is read once has such a name.
const repeatableKind = /String|Array|View|Blob|File|FormData|URLSearch/

/** Reads what goes with a URL. */
export function readInit(init: RequestInit): RepeatableCall {
  const body = init.body ?? ''
  const isRepeatable = repeatableKind.test({}.toString.call(body))
  const copy = () => ({ ...init, headers: new Headers(init.headers) })
  return {
    signal: init.signal ?? undefined,
    // Of a string and of bytes it is known at once.
    isHeavy: !(isRepeatable && (body as string).length < LARGE_BYTES),
    first: copy(),
    again: () => (isRepeatable ? copy() : undefined),
  }
}

/** Reads a `Request` of one's own. Its body can be read once, and so is read along while it is small. */
export function readRequest(request: Request): RepeatableCall {
  const { body, signal } = request
  let kept: Blob | undefined
  const keep = async () => {
    const reader = (request.clone().body as ReadableStream<Uint8Array<ArrayBuffer>>).getReader()
    let blob = new Blob()
    while (blob.size <= LARGE_BYTES) {
      const { done, value } = await reader.read()
      if (done) {
        kept = blob
        return
      }
      blob = new Blob([blob, value])
    }
    await reader.cancel()
  }
  if (body) keep().catch(() => {})
  return {
    signal,
    isHeavy: !!body,
    first: request,
    again: () => (kept ? new Request(request, { body: kept }) : request.bodyUsed ? undefined : request),
  }
}
