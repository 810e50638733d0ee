import { TransportError } from '@interhuman-auth/client/strict'

/** The largest body that is handed on, decoded, in bytes; a token's is below two thousand. */
export const MAX_BODY_BYTES = 64 * 1024 * 1024

/** How a body ended: `whole`, or why not all of it could be handed on. */
export type BodyEnd = 'whole' | 'cut_short' | 'timeout' | 'too_large' | 'undecodable'

/** A body of which not all can be handed on. */
export class BodyFault extends Error {
  override readonly name = 'BodyFault'
  readonly end: Exclude<BodyEnd, 'whole'>

  constructor(end: Exclude<BodyEnd, 'whole'>) {
    super(end)
    this.end = end
  }
}

/**
 * Hands a body on chunk by chunk, the next one when the one before is written, so that a slow reader slows the server
 * down. What came before a fault is handed on.
 *
 * @throws What `write` throws, and nothing else.
 * @see Our contract, section 8
 */
export async function handOn(
  body: AsyncIterable<Uint8Array>,
  write: (chunk: Uint8Array) => Promise<void>,
): Promise<BodyEnd> {
  const chunks = body[Symbol.asyncIterator]()
  let room = MAX_BODY_BYTES
  try {
    for (;;) {
      const next = await chunks.next().catch((fault: unknown) => ({ fault }))
      if ('fault' in next) return endBy(next.fault)
      if (next.done === true) return 'whole'
      await write(next.value.subarray(0, room))
      if (next.value.length > room) return 'too_large'
      room -= next.value.length
    }
  } finally {
    await chunks.return?.()
  }
}

function endBy(fault: unknown): BodyEnd {
  if (fault instanceof BodyFault) return fault.end
  return fault instanceof TransportError && fault.code === 'timeout' ? 'timeout' : 'cut_short'
}

/** Says for people why not all of a body could be handed on. */
export function describeEnd(end: Exclude<BodyEnd, 'whole'>): string {
  return descriptions[end]
}

const descriptions: Readonly<Record<Exclude<BodyEnd, 'whole'>, string>> = {
  cut_short: 'the body of the answer was cut short',
  timeout: 'the body of the answer was cut short, as the time was up',
  too_large: `the body of the answer is larger than ${MAX_BODY_BYTES / 1024 / 1024} MiB`,
  undecodable: 'the body of the answer came encoded, and cannot be decoded',
}
