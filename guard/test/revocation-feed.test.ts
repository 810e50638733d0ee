import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { revocationFeed } from '../src/revocation-feed.ts'
import { at, listen, type ServedFeed, startFeed, until, VERIFIER } from './support/start-feed.ts'

const ofKey = (keyId: string, generation = 1) => ({ keyId, generation, tokenId: 'other' })

describe('a feed that works', () => {
  it('is asked for with the verifier, and what is in force counts before the first answer', async () => {
    const { url, feeds } = await startFeed((served) => {
      served.change({ kind: 'key', keyId: 'a', generation: 2 }, 1)
      served.change({ kind: 'token', tokenId: 't', expiresAt: 4_000_000_000 }, 2)
      served.change({ kind: 'signing-key', kid: 'k' }, 3)
      served.ready(3)
      served.heartbeat()
    })
    const feed = listen(url)
    expect(feed.ask(ofKey('b'))).toMatchObject({ revoked: 'unknown' })
    await feed.started
    expect(feed.ask(ofKey('a'))).toEqual({ revoked: 'key_revoked' })
    expect(feed.ask(ofKey('a', 2))).toEqual({ revoked: false })
    expect(feed.ask({ ...ofKey('b'), tokenId: 't' })).toEqual({ revoked: 'token_revoked' })
    expect(feed.isDeadSigningKey('k')).toBe(true)
    expect(feed.state()).toMatchObject({
      connected: true,
      degraded: false,
      lastEventId: 'epoch-1.3',
      entries: 3,
    })
    const { method, url: path, headers } = feeds[0]?.request ?? {}
    expect([method, path]).toEqual(['GET', '/v1/revocations'])
    expect(headers).toMatchObject({ authorization: `Bearer ${VERIFIER}`, accept: 'text/event-stream' })
    expect(headers).not.toHaveProperty('last-event-id')
  })

  it('acknowledges what it has applied under the lease of its connection: when it is ready, and each change', async () => {
    const { url, feeds, acks } = await startFeed()
    const feed = listen(url)
    await until(() => acks.length === 1)
    for (const revision of [7, 8, 9]) feeds[0]?.change({ kind: 'key', keyId: 'a', generation: 2 }, revision)
    await until(() => feed.state().acknowledgedId === 'epoch-1.9')
    expect(acks.length).toBeLessThanOrEqual(4)
    expect(acks[0]).toEqual({ lease: 'lease-1', id: 'epoch-1.0', authorization: `Bearer ${VERIFIER}` })
    expect(acks.at(-1)).toMatchObject({ lease: 'lease-1', id: 'epoch-1.9' })
  })

  it('acknowledges nothing before everything in force has come', async () => {
    const { url, feeds, acks } = await startFeed((served) => {
      served.change({ kind: 'key', keyId: 'a', generation: 2 }, 5)
      served.heartbeat()
    })
    const feed = listen(url)
    await until(() => feed.state().entries === 1)
    expect(feed.state()).toMatchObject({ connected: false, degraded: true, ageMs: Number.POSITIVE_INFINITY })
    feeds[0]?.ready(5)
    await until(() => acks.length > 0)
    expect(acks).toMatchObject([{ id: 'epoch-1.5' }])
  })

  it('says again what the service did not take, and tells the operator', async () => {
    const { url, acks, acknowledging } = await startFeed()
    acknowledging.status = 503
    const feed = listen(url)
    await until(() => feed.state().detail !== undefined)
    expect(feed.state()).toMatchObject({
      degraded: false,
      acknowledgedId: undefined,
      detail: 'the acknowledgement was answered with status 503',
    })
    acknowledging.status = 200
    await until(() => feed.state().acknowledgedId === 'epoch-1.0')
    expect(acks).toHaveLength(2)
    expect(feed.state().detail).toBeUndefined()
  })

  it('passes over events of kinds that it does not know', async () => {
    const { url } = await startFeed((served) => {
      served.write('event: moon\ndata: {"phase":"new"}\n\n: comment\n\n')
      served.ready()
      served.heartbeat()
    })
    const feed = listen(url)
    await feed.started
    expect(feed.state()).toMatchObject({ connected: true, degraded: false })
  })
})

describe('a connection that breaks', () => {
  it('in the middle of an event is made again, and goes on behind the last whole one', async () => {
    const { url, feeds } = await startFeed((served, connections) => {
      if (connections === 1) {
        served.change({ kind: 'key', keyId: 'a', generation: 2 }, 4)
        served.write('id: epoch-1.5\nevent: key\ndata: {"key_id":"b","gen')
        setTimeout(() => served.response.destroy(), 20)
        return
      }
      served.change({ kind: 'key', keyId: 'b', generation: 2 }, 5)
      served.ready(5)
      served.heartbeat()
    })
    const feed = listen(url)
    await until(() => feed.state().connected)
    expect(feeds[1]?.request.headers['last-event-id']).toBe('epoch-1.4')
    expect([feed.ask(ofKey('a')), feed.ask(ofKey('b'))]).toEqual([
      { revoked: 'key_revoked' },
      { revoked: 'key_revoked' },
    ])
  })

  it('keeps what it said, and takes up a new epoch beside it', async () => {
    const { url, feeds } = await startFeed((served, connections) => {
      served.change({ kind: 'key', keyId: `a${connections}`, generation: 2 }, connections)
      if (connections === 1) served.ready(1)
      else served.write('id: restored.7\nevent: ready\ndata: {"lease":"l2"}\n\n')
      served.heartbeat()
    })
    const feed = listen(url)
    await until(() => feed.state().connected)
    feeds[0]?.response.end()
    await until(() => feed.state().lastEventId === 'restored.7')
    expect(feed.ask(ofKey('a1'))).toEqual({ revoked: 'key_revoked' })
    expect(feed.ask(ofKey('a2'))).toEqual({ revoked: 'key_revoked' })
  })

  it('by comments alone is given up for dead as well, and whoever waits for the first answer does not wait for ever', async () => {
    const { url, feeds } = await startFeed((served) => {
      const timer = setInterval(() => served.write(': still here\n\n'), 10)
      served.response.once('close', () => clearInterval(timer))
    })
    const feed = listen(url, { silenceMs: 60 })
    await feed.started
    await until(() => feeds.length > 1)
    expect(feed.state()).toMatchObject({ degraded: true, detail: 'the feed was silent for 60 ms' })
  })

  it('by changes that never come to an end keeps nobody waiting', async () => {
    const { url } = await startFeed((served) => {
      let revision = 0
      const timer = setInterval(() => {
        revision += 1
        served.change({ kind: 'key', keyId: 'a', generation: 2 }, revision)
      }, 10)
      served.response.once('close', () => clearInterval(timer))
    })
    const feed = listen(url, { connectTimeoutMs: 80 })
    await feed.started
    expect(feed.ask(ofKey('b'))).toMatchObject({ revoked: 'unknown' })
  })

  it('by silence is given up for dead and made again', async () => {
    const { url, feeds } = await startFeed((served) => {
      served.ready()
      served.heartbeat()
    })
    const feed = listen(url, { silenceMs: 60 })
    await until(() => feeds.length > 1)
    expect(feed.state().degraded).toBe(false)
  })

  const listeners: [string, (served: ServedFeed) => void, string, object?][] = [
    ['a 401', () => undefined, 'the feed answered with status 401', { status: 401 }],
    ['a 204', () => undefined, 'the feed answered with status 204', { status: 204 }],
    [
      'a redirect',
      () => undefined,
      'the feed answered with status 307',
      { status: 307, headers: { Location: '/LEAK' } },
    ],
    [
      'another type',
      () => undefined,
      'the answer is no event stream',
      { headers: { 'Content-Type': 'text/html; LEAK' } },
    ],
    [
      'an encoding',
      () => undefined,
      'the answer is encoded',
      { headers: { 'Content-Type': 'text/event-stream', 'Content-Encoding': 'gzip' } },
    ],
    [
      'a line without end',
      (served) => served.write(`data: ${'LEAK'.repeat(3_000)}`),
      'the feed sent a line that is too long',
    ],
    [
      'an event without end',
      (served) => served.write(`data: ${'LEAK'.repeat(1_000)}\n`.repeat(9)),
      'the feed sent an event that is too long',
    ],
    [
      'an event that cannot be read',
      (served) => served.write('id: e.1\nevent: key\ndata: {"LEAK":1}\n\n'),
      'the feed sent an event that cannot be read',
    ],
    [
      'an event without a position',
      (served) => served.write('event: signing-key\ndata: {"kid":"k"}\n\n'),
      'the feed sent an event without its position',
    ],
    [
      'bytes that are no text',
      (served) => served.write(Buffer.from([0xc3, 0x28])),
      'the feed sent what is no UTF-8',
    ],
    ['an end', (served) => void served.response.end(), 'the feed ended'],
    ['a reset', (served) => void served.request.socket.destroy(), ''],
  ]

  it.each(listeners)(
    'by %s is told to the operator without what came, and refuses: deny by default',
    async (_what, onFeed, detail, head) => {
      const { url, feeds } = await startFeed((served) => {
        served.response.flushHeaders()
        if (served.response.statusCode === 200) onFeed(served)
        else served.response.end('LEAK')
      }, head)
      const feed = listen(url)
      await feed.started
      const { detail: told, ...rest } = feed.state()
      if (detail === '') expect(told).toMatch(/^the feed (could not be reached \(ECONNRESET\)|ended)$/)
      else expect(told).toBe(detail)
      expect(rest).toMatchObject({ connected: false, degraded: true })
      expect(feed.ask(ofKey('a'))).toEqual({ revoked: 'unknown', detail: told })
      expect(inspect(feed, { depth: 9, showHidden: true }) + JSON.stringify(feed.state())).not.toContain(
        'LEAK',
      )
      expect(feeds.every(({ request }) => request.url === '/v1/revocations')).toBe(true)
    },
  )

  it('before it was answered is given up after its time', async () => {
    const { url } = await startFeed(() => undefined, 'none')
    const feed = listen(url, { connectTimeoutMs: 50 })
    await feed.started
    expect(feed.state().detail).toBe('the feed did not answer within 50 ms')
  })

  it('for want of anybody who listens says so', async () => {
    const feed = listen('http://127.0.0.1:1')
    await feed.started
    expect(feed.state().detail).toBe('the feed could not be reached (ECONNREFUSED)')
  })
})

describe('attack 32: a node that is cut off from its database', () => {
  function clocked(options: { staleness?: 'refuse' | 'accept'; wallOnly?: boolean } = {}) {
    const clock = { ms: 0, wall: 0 }
    return {
      clock,
      options: {
        ...(options.staleness !== undefined && { staleness: options.staleness }),
        monotonicNow: () => performance.now() + clock.ms,
        now: () => Date.now() + clock.ms + clock.wall,
      },
    }
  }

  it('cannot keep a guard calm: its heartbeats go on, the time in them stands still', async () => {
    const { url, feeds } = await startFeed((served) => {
      served.ready()
      served.heartbeat(60_000)
    })
    const feed = listen(url)
    await until(() => feeds.length > 2)
    expect(feed.state()).toMatchObject({ degraded: true })
    expect(feed.state().ageMs).toBeGreaterThanOrEqual(60_000)
    expect(feed.state().detail).toMatch(/^the feed is \d+ ms old though it is connected$/)
    expect(feed.ask(ofKey('a'))).toMatchObject({ revoked: 'unknown' })
  })

  it('is left for another one, if that sees its database', async () => {
    const { url } = await startFeed((served, connections) => {
      served.ready()
      served.heartbeat(connections === 1 ? 60_000 : 0)
    })
    const feed = listen(url)
    await until(() => !feed.state().degraded)
    expect(feed.ask(ofKey('a'))).toEqual({ revoked: false })
  })

  it.each(['refuse', 'accept'] as const)(
    'and then nothing more comes: past the bound a good token is as the operator chose, %s',
    async (staleness) => {
      const { url } = await startFeed((served, connections) => {
        if (connections > 1) return
        served.change({ kind: 'key', keyId: 'dead', generation: 2 }, 1)
        served.ready(1)
        served.heartbeat()
      })
      const { clock, options } = clocked({ staleness })
      const feed = listen(url, options)
      await feed.started
      expect(feed.ask(ofKey('a'))).toEqual({ revoked: false })
      clock.ms += 5_001
      expect(feed.state()).toMatchObject({ degraded: true })
      expect(feed.ask(ofKey('a')).revoked).toBe(staleness === 'refuse' ? 'unknown' : false)
      expect(feed.ask(ofKey('dead'))).toEqual({ revoked: 'key_revoked' })
    },
  )

  it('a proxy that holds the heartbeats back makes them no younger', async () => {
    const { clock, options } = clocked()
    const { url } = await startFeed((served) => {
      served.ready()
      clock.ms += 10_000
      served.heartbeat(10_000)
    })
    const feed = listen(url, options)
    await feed.started
    expect(feed.state().ageMs).toBeGreaterThanOrEqual(10_000)
    expect(feed.ask(ofKey('a'))).toMatchObject({ revoked: 'unknown' })
  })

  it.each([3_600_000, -3_600_000])(
    'the clock of the guard stepped by %i ms: no dead token lives, and it recovers',
    async (stepMs) => {
      const { url, feeds } = await startFeed((served) => {
        served.change({ kind: 'key', keyId: 'dead', generation: 2 }, 1)
        served.change({ kind: 'token', tokenId: 't', expiresAt: Math.floor(Date.now() / 1000) + 300 }, 2)
        served.ready(2)
        served.heartbeat()
      })
      const { clock, options } = clocked()
      const feed = listen(url, options)
      await feed.started
      clock.wall += stepMs
      feeds[0]?.heartbeat()
      await until(() => feed.state().connected && !feed.state().degraded)
      expect(feed.ask(ofKey('dead'))).toEqual({ revoked: 'key_revoked' })
      expect(feed.ask({ ...ofKey('a'), tokenId: 't' })).toEqual({ revoked: 'token_revoked' })
    },
  )
})

describe('the bound on what is remembered', () => {
  it('once passed, nothing is forgotten in silence: the guard refuses until everything has come anew', async () => {
    let changes = 3
    const { url, feeds } = await startFeed((served) => {
      for (let i = 1; i <= changes; i += 1) served.change({ kind: 'key', keyId: `a${i}`, generation: 2 }, i)
      served.ready(changes)
      served.heartbeat()
    })
    const feed = listen(url, { maxEntries: 3 })
    await feed.started
    feeds[0]?.change({ kind: 'key', keyId: 'one too many', generation: 2 }, 9)
    await until(() => feed.state().degraded)
    expect(feed.state()).toMatchObject({
      detail: 'the feed says more than there is room for',
      lastEventId: undefined,
    })
    expect(feed.ask(ofKey('b'))).toMatchObject({ revoked: 'unknown' })
    expect(feed.ask(ofKey('a1'))).toEqual({ revoked: 'key_revoked' })
    changes = 2
    await until(() => !feed.state().degraded)
    expect(feeds.at(-1)?.request.headers).not.toHaveProperty('last-event-id')
  })
})

describe('an option', () => {
  const good = { address: 'https://auth.example.com', verifier: VERIFIER }
  it.each<[string, object]>([
    ['plain http to another machine', { address: 'http://auth.example.com' }],
    ['a password in the address', { address: 'https://a:LEAK@auth.example.com' }],
    ['no address', { address: 'LEAK' }],
    ['an API key for a verifier', { verifier: `ih_live_${'LEAK'.repeat(12)}0` }],
    ['a verifier that is cut', { verifier: 'ihv_LEAK' }],
    ['a verifier with a line break', { verifier: `${VERIFIER}\n` }],
    ['no verifier', { verifier: undefined }],
    ['a bound below what two looks and a heartbeat take', { maxAgeMs: 2_999 }],
    ['a bound without end', { maxAgeMs: Number.POSITIVE_INFINITY }],
    ['a bound that is no number', { maxAgeMs: Number.NaN }],
    ['another word for staleness', { staleness: 'ignore' }],
    ['no room', { maxEntries: 0 }],
    ['no time', { silenceMs: 0 }],
  ])('%s is a TypeError that does not repeat it', (_what, change) => {
    const make = () => revocationFeed({ ...good, ...change } as Parameters<typeof revocationFeed>[0])
    expect(make).toThrow(TypeError)
    expect(make).not.toThrow(/LEAK/)
  })
})

describe('closed', () => {
  it('asks no more, and whoever still asks it is refused', async () => {
    const { url, feeds } = await startFeed()
    const feed = listen(url)
    await feed.started
    feed.close()
    feed.close()
    expect(feed.state()).toMatchObject({ connected: false, degraded: true, detail: 'the feed is closed' })
    expect(feed.ask(ofKey('a'))).toEqual({ revoked: 'unknown', detail: 'the feed is closed' })
    await until(() => feeds[0]?.response.destroyed === true)
    expect(feeds).toHaveLength(1)
    expect(at(1)).toEqual({ epoch: 'epoch-1', revision: 1 })
  })
})
