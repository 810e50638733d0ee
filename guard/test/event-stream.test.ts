import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eventStreamReader, MAX_EVENT_LENGTH, MAX_LINE_LENGTH } from '../src/event-stream.ts'

const bytes = (text: string) => Buffer.from(text)
const read = (text: string) => eventStreamReader()(bytes(text))

const event = (kind: string, data: string, id?: string) => ({ kind, data, id })

describe('an event stream', () => {
  it.each([
    ['LF', '\n'],
    ['CR', '\r'],
    ['CRLF', '\r\n'],
  ])('may end its lines in %s', (_name, end) => {
    const lines = ['id: e.1', 'event: key', 'data: {}', '', 'data: 2', '', '']
    expect(read(lines.join(end))).toEqual([event('key', '{}', 'e.1'), event('message', '2')])
  })

  it.each<[string, string, unknown[]]>([
    ['a byte order mark at its start, skipped', '\ufeffevent: a\ndata: 1\n\n', [event('a', '1')]],
    ['another one, part of a field name', 'data: 1\n\n\ufeffdata: 2\n\n', [event('message', '1')]],
    ['comments, passed over', ': ping\n:\nevent: a\n: x\ndata: 1\n\n', [event('a', '1')]],
    ['unknown fields and retry, passed over', 'retry: 1\nfoo: 2\nbar\ndata: 1\n\n', [event('message', '1')]],
    ['no space behind the colon', 'event:a\ndata:1\nid:e.1\n\n', [event('a', '1', 'e.1')]],
    ['two spaces, one of which counts', 'data:  1\n\n', [event('message', ' 1')]],
    ['data in several lines', 'data: 1\ndata\ndata: 3\n\n', [event('message', '1\n\n3')]],
    [
      'no data: no event, and its id is not the next one’s',
      'id: e.1\nevent: a\n\ndata: 1\n\n',
      [event('message', '1')],
    ],
    ['an id with NUL, which is none', 'id: a\0b\ndata: 1\n\n', [event('message', '1')]],
    ['blank lines alone', '\n\n\r\n\r\r\n', []],
    ['an end in the middle of an event', 'data: 1\n\nevent: key\ndata: {"key_id"', [event('message', '1')]],
    ['an end before the blank line', 'event: key\ndata: {}\n', []],
    ['letters beyond ASCII', 'data: ihk_\u00e9\u{1f511}\n\n', [event('message', 'ihk_\u00e9\u{1f511}')]],
  ])('with %s', (_what, text, events) => {
    expect(read(text)).toEqual(events)
  })

  it('is read the same however it is cut, between CR and LF and within a letter too', () => {
    const text =
      '\ufeff: hi\r\nid: e.1\r\nevent: key\r\ndata: {"a":"\u{1f511}"}\r\n\r\nid: e.2\rdata: x\r\r\n: end\n\n'
    const whole = read(text)
    expect(whole).toHaveLength(2)
    const all = bytes(text)
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat({ max: all.length })), (cuts) => {
        const readEvents = eventStreamReader()
        const ends = [0, ...cuts.sort((a, b) => a - b), all.length]
        const events = ends.slice(1).flatMap((end, index) => readEvents(all.subarray(ends[index], end)))
        expect(events).toEqual(whole)
      }),
      { numRuns: 300 },
    )
  })

  it('takes the longest line and the longest event, and no character more', () => {
    const line = `data:${'x'.repeat(MAX_LINE_LENGTH - 5)}`
    expect(read(`${line}\n\n`)).toHaveLength(1)
    expect(() => read(`${line}x\n\n`)).toThrow('the feed sent a line that is too long')
    const halves = `data:${'x'.repeat(MAX_EVENT_LENGTH / 4 - 1)}\n`.repeat(4)
    expect(read(`${halves}\n`)).toHaveLength(1)
    expect(() => read(`${halves}data\n\n`)).toThrow('the feed sent an event that is too long')
  })

  it('is given up as soon as a line that never ends is too long: nothing piles up', () => {
    const readEvents = eventStreamReader()
    expect(() => {
      for (let sent = 0; sent <= MAX_LINE_LENGTH; sent += 1_024) readEvents(bytes('LEAK'.repeat(256)))
    }).toThrow(/^the feed sent a line that is too long$/)
  })

  it('that is no UTF-8 is given up: a name that is misread would be forgotten', () => {
    expect(() => eventStreamReader()(Buffer.from([0x64, 0x61, 0x74, 0x61, 0x3a, 0xff]))).toThrow(
      /^the feed sent what is no UTF-8$/,
    )
  })
})
