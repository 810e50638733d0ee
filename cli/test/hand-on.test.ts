import { TransportError } from '@interhuman-auth/client'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { handOn, MAX_BODY_BYTES } from '../src/hand-on.ts'

async function* bodyOf(chunks: readonly Uint8Array[], fault?: unknown) {
  yield* chunks
  if (fault !== undefined) throw fault
}

async function collect(body: AsyncIterable<Uint8Array>) {
  const written: Uint8Array[] = []
  const end = await handOn(body, async (chunk) => void written.push(Buffer.from(chunk)))
  return { end, bytes: Buffer.concat(written) }
}

describe('a body', () => {
  test('is handed on byte for byte, and as far as it came when it is cut short', async () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 100 }))
    await fc.assert(
      fc.asyncProperty(
        chunks,
        fc.constantFrom(undefined, new Error('cut'), new TransportError('timeout')),
        async (parts, fault) => {
          const { end, bytes } = await collect(bodyOf(parts, fault))
          expect(bytes.equals(Buffer.concat(parts))).toBe(true)
          expect(end).toBe(
            fault === undefined ? 'whole' : fault instanceof TransportError ? 'timeout' : 'cut_short',
          )
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('of 64 MiB is whole, and of one byte more is not', async () => {
    const half = Buffer.alloc(MAX_BODY_BYTES / 2)
    expect((await collect(bodyOf([half, half]))).end).toBe('whole')
    const { end, bytes } = await collect(bodyOf([half, half, Buffer.of(1)]))
    expect([end, bytes.length]).toEqual(['too_large', MAX_BODY_BYTES])
  })

  test('waits for each chunk to be taken', async () => {
    const events: string[] = []
    async function* body() {
      for (const name of ['a', 'b']) {
        events.push(`gives ${name}`)
        yield Buffer.from(name)
      }
    }
    await handOn(body(), async (chunk) => {
      await new Promise((resolve) => setImmediate(resolve))
      events.push(`took ${Buffer.from(chunk)}`)
    })
    expect(events).toEqual(['gives a', 'took a', 'gives b', 'took b'])
  })

  test('is let go when it cannot be written', async () => {
    let released = false
    async function* body() {
      try {
        yield Buffer.from('a')
        yield Buffer.from('b')
      } finally {
        released = true
      }
    }
    await expect(handOn(body(), () => Promise.reject(new Error('full')))).rejects.toThrow('full')
    expect(released).toBe(true)
  })
})
