import { describe, expect, it } from 'vitest'
import { introspection, KEEP_UNDER_FEED_MS, MAX_FLIGHTS } from '../src/introspection.ts'
import { NOW } from './support/signing.ts'
import { listen, startFeed, until, VERIFIER } from './support/start-feed.ts'
import { active, KEY_ID, SECRET, says, startIntrospection } from './support/start-introspection.ts'

/** Asks, and sees that the service is asked again once so many milliseconds have passed, and not before. */
async function expectAskedAgain(
  { ask, asked, clock }: Awaited<ReturnType<typeof startIntrospection>>,
  afterMs: number,
): Promise<void> {
  await ask(SECRET)
  clock.ms += afterMs - 1
  await ask(SECRET)
  expect(asked).toHaveLength(1)
  clock.ms += 1
  await ask(SECRET)
  expect(asked).toHaveLength(2)
}

describe('introspection', () => {
  it('asks in the body of a form, with the verifier as bearer', async () => {
    const { ask, asked } = await startIntrospection()
    expect(await ask(SECRET)).toEqual({ is: 'active', credential: active })
    expect(asked).toMatchObject([
      {
        method: 'POST',
        url: '/oauth2/introspect',
        body: `token=${SECRET}`,
        headers: {
          authorization: `Bearer ${VERIFIER}`,
          'content-type': expect.stringMatching(/^application\/x-www-form-urlencoded/),
        },
      },
    ])
  })

  it('asks once for all who wait for one credential, and goes on with what it heard', async () => {
    const { ask, asked } = await startIntrospection()
    const answers = await Promise.all(Array.from({ length: 100 }, () => ask(SECRET)))
    expect(new Set(answers.map(({ is }) => is))).toEqual(new Set(['active']))
    await ask(SECRET)
    expect(asked).toHaveLength(1)
    await ask(`${SECRET.slice(0, -1)}1`)
    expect(asked).toHaveLength(2)
  })

  it('without a feed asks again after 5 s, counted from when it asked', async () => {
    const asking = await startIntrospection()
    asking.served.answer = (request, response) => {
      asking.clock.ms += 2_000
      says(active)(request, response)
    }
    await expectAskedAgain(asking, 3_000)
  })

  it.each([
    ['the machine slept, and its monotonic clock stood still', { monotonicNow: () => 0 }],
    ['the wall clock was set back', { now: () => NOW * 1000 }],
  ])('asks again after 5 s also where %s', async (_what, clocks) => {
    const asking = await startIntrospection(says(active), clocks)
    await expectAskedAgain(asking, 5_000)
  })

  it('asks again once the answer’s own end has come', async () => {
    const asking = await startIntrospection(says({ ...active, exp: NOW + 2 }))
    await expectAskedAgain(asking, 2_000)
  })

  it('remembers for a second that a credential is not good: a new key works soon', async () => {
    const { ask, asked, clock, served } = await startIntrospection(says({ active: false }))
    expect(await ask(SECRET)).toEqual({ is: 'inactive' })
    clock.ms += 999
    await ask(SECRET)
    expect(asked).toHaveLength(1)
    served.answer = says(active)
    clock.ms += 1
    expect(await ask(SECRET)).toHaveProperty('is', 'active')
  })

  it('forgets the credential that nobody asked about the longest, never grows beyond its bound', async () => {
    const { ask, asked } = await startIntrospection(says(active), { maxEntries: 2 })
    for (const credential of ['a', 'b', 'a', 'c', 'a', 'b']) await ask(credential)
    expect(asked.map(({ body }) => body)).toEqual(['token=a', 'token=b', 'token=c', 'token=b'])
  })

  it('attack 57: a flood of bad credentials pushes no good one out', async () => {
    const { ask, asked, served } = await startIntrospection(says(active), { maxEntries: 1 })
    await ask(SECRET)
    served.answer = says({ active: false })
    for (let i = 0; i < 20; i += 1) await ask(`bad-${i}`)
    expect(await ask(SECRET)).toHaveProperty('is', 'active')
    expect(asked).toHaveLength(21)
  })

  it('asks about a bounded number of credentials at once; of one more nothing can be told', async () => {
    const { ask } = await startIntrospection(() => undefined, { timeoutMs: 400 })
    const waiting = Array.from({ length: MAX_FLIGHTS }, (_, i) => ask(`${i}`))
    expect(await ask('one more')).toEqual({
      is: 'unavailable',
      detail: 'too many credentials are asked about',
    })
    expect(await Promise.all(waiting)).toContainEqual({
      is: 'unavailable',
      detail: 'introspection did not answer within 400 ms',
    })
    expect(await ask('later')).toHaveProperty('detail', 'introspection did not answer within 400 ms')
  })
})

describe('an answer that is none', () => {
  it.each<[string, ReturnType<typeof says>, string]>([
    ['401: our verifier is refused', says('LEAK', 401), 'introspection answered with status 401'],
    ['403', says('LEAK', 403), 'introspection answered with status 403'],
    ['500', says('LEAK', 500), 'introspection answered with status 500'],
    ['503', says('LEAK', 503), 'introspection answered with status 503'],
    [
      'a redirect',
      (_request, response) => void response.writeHead(307, { Location: '/LEAK' }).end(),
      'introspection answered with status 307',
    ],
    [
      '204',
      (_request, response) => void response.writeHead(204).end(),
      'introspection answered with status 204',
    ],
    ['no JSON', says('LEAK'), 'introspection gave an answer that cannot be read'],
    ['a list', says('[]'), 'introspection gave an answer that cannot be read'],
    ['nothing about it', says('{}'), 'introspection gave an answer that cannot be read'],
    ['half of one', says({ active: true, sub: 'LEAK' }), 'introspection gave an answer that cannot be read'],
    [
      'too much',
      says(JSON.stringify(active) + ' '.repeat(20_000)),
      'the answer of introspection is larger than 16384 bytes',
    ],
    [
      'a reset',
      (request) => void request.socket.destroy(),
      'introspection could not be reached (UND_ERR_SOCKET)',
    ],
    ['silence', () => undefined, 'introspection did not answer within 300 ms'],
    [
      'half an answer and silence',
      (_request, response) => void response.writeHead(200).write('{'),
      'introspection did not answer within 300 ms',
    ],
  ])('%s: nothing can be told, and never that the credential is bad', async (_what, answer, detail) => {
    const { ask, asked, served, clock } = await startIntrospection(answer, { timeoutMs: 300 })
    expect(await ask(SECRET)).toEqual({ is: 'unavailable', detail })
    const before = asked.length
    await ask(SECRET)
    expect(asked).toHaveLength(before)
    served.answer = says(active)
    clock.ms += 1_000
    expect(await ask(SECRET)).toHaveProperty('is', 'active')
    expect(asked.every(({ url }) => url === '/oauth2/introspect')).toBe(true)
  })
})

describe('under a living feed', () => {
  async function underFeed() {
    const { url, feeds } = await startFeed()
    const feedClock = { ms: 0 }
    const revocations = listen(url, {
      monotonicNow: () => performance.now() + feedClock.ms,
      now: () => Date.now() + feedClock.ms,
    })
    await revocations.started
    const change = async (keyId: string, generation: number, revision: number) => {
      feeds[0]?.change({ kind: 'key', keyId, generation }, revision)
      await until(() => revocations.state().lastEventId === `epoch-1.${revision}`)
    }
    return {
      ...(await startIntrospection(says(active), { revocations })),
      revocations,
      feeds,
      feedClock,
      change,
    }
  }

  it('an answer is kept longer, until there is a change of its key', async () => {
    const { ask, asked, clock, change } = await underFeed()
    await ask(SECRET)
    clock.ms += 30_000
    await ask(SECRET)
    await change('ihk_other', 9, 1)
    await ask(SECRET)
    expect(asked).toHaveLength(1)
    await change(KEY_ID, 3, 2)
    await ask(SECRET)
    expect(asked).toHaveLength(2)
  })

  it('and a minute at most', async () => {
    const { ask, asked, clock } = await underFeed()
    await ask(SECRET)
    clock.ms += KEEP_UNDER_FEED_MS
    await ask(SECRET)
    expect(asked).toHaveLength(2)
  })

  it('soon after a change it is kept for the rest of the bound only: the node asked may be behind', async () => {
    const { ask, asked, clock, feedClock, change } = await underFeed()
    await change(KEY_ID, 3, 1)
    await ask(SECRET)
    clock.ms += 5_000
    await ask(SECRET)
    expect(asked).toHaveLength(2)
    feedClock.ms += 5_000
    clock.ms += 5_000
    await ask(SECRET)
    expect(asked).toHaveLength(3)
  })

  it('ends with the life of the feed', async () => {
    const { ask, asked, feedClock, revocations } = await underFeed()
    await ask(SECRET)
    feedClock.ms += 6_000
    expect(revocations.isLiving()).toBe(false)
    await ask(SECRET)
    expect(asked).toHaveLength(2)
  })

  it('attack 31: an answer that was asked for before a change is asked for again, and never kept', async () => {
    const { ask, asked, served, change } = await underFeed()
    served.answer = (request, response) => {
      served.answer = says({ active: false })
      void change(KEY_ID, 4, 1).then(() => says(active)(request, response))
    }
    expect(await ask(SECRET)).toEqual({ is: 'inactive' })
    expect(asked).toHaveLength(2)
  })

  it('attack 31: of a key that changes without end nothing can be told', async () => {
    const { ask, asked, served, change } = await underFeed()
    let revision = 0
    served.answer = (request, response) => {
      revision += 1
      void change(KEY_ID, revision, revision).then(() => says(active)(request, response))
    }
    expect(await ask(SECRET)).toHaveProperty('is', 'unavailable')
    expect(asked).toHaveLength(3)
  })
})

describe('an option', () => {
  const good = { address: 'https://auth.example.com', verifier: VERIFIER }
  it.each<[string, object]>([
    ['plain http to another machine', { address: 'http://auth.example.com' }],
    ['an API key for a verifier', { verifier: SECRET }],
    ['no time', { timeoutMs: 0 }],
    ['no room', { maxEntries: 0 }],
  ])('%s is a TypeError that does not repeat it', (_what, change) => {
    const make = () => introspection({ ...good, ...change })
    expect(make).toThrow(TypeError)
    expect(make).not.toThrow(/LEAK/)
  })

  it('an address may have a path of its own', async () => {
    const { server, asked } = await startIntrospection()
    await introspection({ address: `${server.url}/auth/?LEAK#LEAK`, verifier: VERIFIER }).ask('x')
    expect(asked[0]?.url).toBe('/auth/oauth2/introspect')
  })
})
