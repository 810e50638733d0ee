import { LARGE_BYTES } from './limits.ts'
import { readUpTo } from './read-up-to.ts'

/** What the body of a request asks of whoever sends it. */
export type RequestBody = readonly [
  /** Whether sending takes a while or can be done once only, so that the token should be good for long. */
  isHeavy: boolean,
  /** What has to change in the init to send it again, once it was sent; `false` if it cannot be. */
  again: () => RequestInit | false,
]

/** Judges what fetch is called with. The body of a `Request` can be read once, and so is read along while it is small. */
export function readBody(request: Request | undefined, init: RequestInit): RequestBody {
  const body = init.body ?? request?.body ?? ''
  // By name, so that those of another realm or a package count as well. Nothing that can be read once has such a name.
  const isRepeatable = /String|Array|View|Blob|File|Form|URL/.test({}.toString.call(body))
  let kept: Uint8Array<ArrayBuffer>[] | undefined
  if (body === request?.body)
    readUpTo(request.clone().body as ReadableStream, LARGE_BYTES).then(
      (copy) => {
        kept = copy
      },
      () => {},
    )
  return [
    // Of a string and of bytes it is known at once.
    !(isRepeatable && (body as string).length < LARGE_BYTES),
    // Firefox does not show the body of a `Request`, but that it was used.
    () => (kept ? { body: new Blob(kept) } : isRepeatable && !request?.bodyUsed && {}),
  ]
}
