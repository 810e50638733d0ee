import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  formatFeedPosition,
  formatRevocationAck,
  formatRevocationEvent,
  MAX_FEED_NAME_LENGTH,
  parseFeedPosition,
  parseRevocationAck,
  parseRevocationEvent,
  type RevocationChange,
  type RevocationEvent,
} from '../src/index.ts'

const position = { epoch: 'e-1_Z', revision: 42 }

describe('an event is written as the contract has it', () => {
  test.each<[RevocationChange, string]>([
    [{ kind: 'key', keyId: 'ihk_1', generation: 3 }, 'event: key\ndata: {"key_id":"ihk_1","generation":3}'],
    [
      { kind: 'token', tokenId: 'j', expiresAt: 1_800_000_000 },
      'event: token\ndata: {"jti":"j","expires_at":1800000000}',
    ],
    [{ kind: 'signing-key', kid: 'k' }, 'event: signing-key\ndata: {"kid":"k"}'],
  ])('%j', (change, text) => {
    expect(formatRevocationEvent(change, position)).toBe(`id: e-1_Z.42\n${text}\n\n`)
  })

  test('ready, with the id of the latest revision', () => {
    const text = 'id: e-1_Z.42\nevent: ready\ndata: {"lease":"l"}\n\n'
    expect(formatRevocationEvent({ kind: 'ready', lease: 'l' }, position)).toBe(text)
  })

  test('a heartbeat, without an id', () => {
    const text = 'event: heartbeat\ndata: {"seen_at":1,"sent_at":2}\n\n'
    expect(formatRevocationEvent({ kind: 'heartbeat', seenAtMs: 1, sentAtMs: 2 })).toBe(text)
  })
})

const names = fc.string({ unit: 'binary', minLength: 1, maxLength: MAX_FEED_NAME_LENGTH / 2 })
const counts = fc.maxSafeNat()
const events: fc.Arbitrary<RevocationEvent> = fc.oneof(
  fc.record({ kind: fc.constant('key' as const), keyId: names, generation: counts }),
  fc.record({ kind: fc.constant('token' as const), tokenId: names, expiresAt: counts }),
  fc.record({ kind: fc.constant('signing-key' as const), kid: names }),
  fc.record({ kind: fc.constant('ready' as const), lease: names }),
  fc.record({ kind: fc.constant('heartbeat' as const), seenAtMs: counts, sentAtMs: counts }),
)

test('what is written is one line of data, and is read back as it was, whatever the names hold', () => {
  fc.assert(
    fc.property(events, (event) => {
      const text = formatRevocationEvent(event as RevocationChange, position)
      const [id, kind = '', data = '', ...rest] = text.split('\n')
      expect([id, rest]).toEqual(['id: e-1_Z.42', ['', '']])
      expect(data).not.toMatch(/\r/)
      expect(parseRevocationEvent(kind.slice('event: '.length), data.slice('data: '.length))).toEqual({
        event,
      })
    }),
    { numRuns: 200 },
  )
})

describe('an event that is', () => {
  test.each(['', 'message', 'KEY', 'key ', '__proto__', 'constructor', 'signing-keys', 'verifier'])(
    'of the kind %j is unknown, not malformed: a later service may say more',
    (kind) => expect(parseRevocationEvent(kind, '{}')).toEqual({ problem: 'unknown_kind' }),
  )

  test.each([
    ['key', ''],
    ['key', 'null'],
    ['key', '[]'],
    ['key', '1'],
    ['key', '{"key_id":"ihk_1"}'],
    ['key', '{"key_id":"","generation":1}'],
    ['key', '{"key_id":"ihk_1","generation":-1}'],
    ['key', '{"key_id":"ihk_1","generation":1.5}'],
    ['key', '{"key_id":"ihk_1","generation":"1"}'],
    ['key', '{"key_id":"ihk_1","generation":1e99}'],
    ['key', '{"__proto__":{"key_id":"ihk_1","generation":1}}'],
    ['key', `{"key_id":"${'x'.repeat(MAX_FEED_NAME_LENGTH + 1)}","generation":1}`],
    ['token', '{"jti":"j"}'],
    ['token', '{"jti":7,"expires_at":1}'],
    ['token', '{"jti":"j","expires_at":null}'],
    ['signing-key', '{"kid":""}'],
    ['signing-key', '{}'],
    ['ready', '{"lease":null}'],
    ['heartbeat', '{"seen_at":1}'],
    ['heartbeat', '{"seen_at":-1,"sent_at":1}'],
    ['heartbeat', '{"seen_at":1,"sent_at":"1"}'],
  ])('%s with %s is malformed', (kind, data) => {
    expect(parseRevocationEvent(kind, data)).toEqual({ problem: 'malformed' })
  })

  test('richer than this version knows is read all the same', () => {
    const event = { kind: 'signing-key', kid: 'k' }
    expect(parseRevocationEvent('signing-key', '{"kid":"k","more":1}')).toEqual({ event })
  })
})

describe('a position', () => {
  test.each([position, { epoch: 'x', revision: 0 }, { epoch: 'x'.repeat(64), revision: 2 ** 53 - 1 }])(
    '%j is read back',
    (each) => expect(parseFeedPosition(formatFeedPosition(each))).toEqual(each),
  )

  test.each([
    '',
    '.',
    'x',
    'x.',
    '.1',
    'x.-1',
    'x.01',
    'x.1.1',
    'x. 1',
    'x.1\n',
    'x y.1',
    `${'x'.repeat(65)}.1`,
    'x.9007199254740993',
    'x.1e3',
    null,
    undefined,
    5,
    {},
  ])('%j is none', (text) => expect(parseFeedPosition(text)).toBeUndefined())
})

describe('an acknowledgement', () => {
  test('names the lease and the last event applied', () => {
    const body = formatRevocationAck('l', position)
    expect(body).toEqual({ lease: 'l', id: 'e-1_Z.42' })
    expect(parseRevocationAck(body)).toEqual({ lease: 'l', position })
  })

  test.each([
    null,
    undefined,
    'l',
    1,
    [],
    {},
    { lease: 'l' },
    { id: 'x.1' },
    { lease: '', id: 'x.1' },
    { lease: 'l', id: 'x' },
    { lease: 1, id: 'x.1' },
  ])('%j is none', (body) => expect(parseRevocationAck(body)).toBeUndefined())
})
