import {
  type ClientTokenCaps,
  formatClientTokenCaps,
  isAllowedOrigin,
  parseClientTokenCaps,
  toClientTokenCaps,
} from '@interhuman-auth/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const ORIGIN = 'https://app.example.com'
const cap = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })
const anyCaps = fc.record(
  {
    maxDurationSeconds: cap,
    maxBytes: cap,
    maxConcurrent: cap,
    maxVideoSeconds: cap,
    allowedOrigins: fc.array(fc.string({ minLength: 1 }), { minLength: 1 }),
  },
  { requiredKeys: ['maxConcurrent'] },
)

describe('the caps of a client token', () => {
  it('come through the wire as they were, whichever are set', () => {
    fc.assert(
      fc.property(anyCaps, (caps) => {
        const wire = JSON.parse(JSON.stringify(formatClientTokenCaps(caps)))
        expect(parseClientTokenCaps(wire)).toEqual(caps)
        expect(toClientTokenCaps(wire)).toEqual(caps)
      }),
    )
  })

  it('are one session at once unless told', () => {
    expect(toClientTokenCaps({})).toEqual({ maxConcurrent: 1 })
  })
})

describe('parseClientTokenCaps', () => {
  const good = { max_concurrent: 1, max_bytes: 5, allowed_origins: [ORIGIN] }
  const BAD_NUMBERS = [null, 0, -1, 1.5, '1', true, [], {}, 2 ** 53, 1e308, Number.NaN]

  it.each(['max_duration_seconds', 'max_bytes', 'max_concurrent', 'max_video_seconds'])(
    'does not take a %s that is no positive whole number for no limit',
    (name) => {
      for (const value of BAD_NUMBERS)
        expect(parseClientTokenCaps({ ...good, [name]: value })).toBeUndefined()
    },
  )

  it('does not take origins that are no list of texts, or an empty one, for every origin', () => {
    for (const allowed_origins of [null, '', ORIGIN, 1, true, {}, [], [''], [1], [ORIGIN, null]])
      expect(parseClientTokenCaps({ ...good, allowed_origins })).toBeUndefined()
  })

  it('wants a number of sessions: every token has one', () => {
    expect(parseClientTokenCaps({})).toBeUndefined()
  })
})

describe('isAllowedOrigin', () => {
  const caps: ClientTokenCaps = { maxConcurrent: 1, allowedOrigins: [ORIGIN, 'http://127.0.0.1:5173'] }

  it('lets in the origins that are named, and with none named every request', () => {
    expect(isAllowedOrigin(caps, ORIGIN)).toBe(true)
    expect(isAllowedOrigin(caps, 'http://127.0.0.1:5173')).toBe(true)
    for (const origin of [null, 'null', '', 'https://evil.example', ORIGIN])
      expect(isAllowedOrigin({ maxConcurrent: 1 }, origin)).toBe(true)
  })

  it.each([
    ['none', null],
    ['an opaque one', 'null'],
    ['an empty one', ''],
    ['another scheme', 'http://app.example.com'],
    ['a port', `${ORIGIN}:8443`],
    ['the default port', `${ORIGIN}:443`],
    ['a trailing slash', `${ORIGIN}/`],
    ['a trailing dot', `${ORIGIN}.`],
    ['capitals', 'https://App.example.com'],
    ['a suffix', `${ORIGIN}.evil.example`],
    ['a prefix', 'https://evil-app.example.com'],
    ['a domain below', 'https://a.app.example.com'],
    ['a look-alike letter', 'https://\u0430pp.example.com'],
    ['two of them', `${ORIGIN}, ${ORIGIN}`],
    ['a name in front', 'https://app.example.com@evil.example'],
    ['a member of every list', 'length'],
  ])('attack 45: lets in no other: %s', (_what, origin) => {
    expect(isAllowedOrigin(caps, origin)).toBe(false)
  })

  it('lets in no opaque origin even where a token names it', () => {
    expect(isAllowedOrigin({ maxConcurrent: 1, allowedOrigins: ['null'] }, 'null')).toBe(false)
  })
})
