import { availableParallelism } from 'node:os'
import { compareExpiries, exchangesBesideFewest } from './client/compare-expiries.mjs'
import { runPart } from './client/run-part.mjs'
import { median, rootPath, startServer } from './processes.mjs'
import { formatCarrying, formatExpiries, formatStartUp, formatTargets } from './report.mjs'
import { compareStartUp } from './start-up.mjs'

const CALLERS = 10_000
const HOUR_MS = 3_600_000
const FULL = {
  crowdRounds: 5,
  cached: { rounds: 101, calls: 20_000 },
  carrying: { rounds: 40, calls: 200, warmUpCalls: 2000 },
  everySeconds: 90,
  startUpRuns: 15,
}
const SHORT = {
  crowdRounds: 1,
  cached: { rounds: 5, calls: 5000 },
  carrying: { rounds: 2, calls: 50, warmUpCalls: 50 },
  everySeconds: 300,
  startUpRuns: 1,
}

/**
 * What the client and the command promise about speed, and how they do beside the way people do it today. About a minute.
 *
 * @param {(step: string) => void} say
 * @param {boolean} isShort To see that it runs: the figures are worth nothing then.
 * @returns {Promise<string>} The report.
 */
export async function measureClient(say, isShort) {
  const effort = isShort ? SHORT : FULL
  say(`${CALLERS} callers of an expired token`)
  const api = await startServer('the API', [rootPath('bench/client/local-api.mjs')])
  try {
    const { url } = api
    /** @type {import('./client/crowd.mjs').Crowd} */
    const crowd = await runPart('crowd.mjs', { url, callers: CALLERS, rounds: effort.crowdRounds })
    say('a cached token')
    /** @type {import('./client/cached.mjs').Cached} */
    const cached = await runPart('cached.mjs', effort.cached)
    say('createFetch beside fetch')
    /** @type {import('./client/carrying.mjs').Carrying[]} */
    const carrying = await runPart('carrying.mjs', { url, ...effort.carrying })
    say('three expiries, the clock set back')
    const back = await compareExpiries(-HOUR_MS, effort.everySeconds)
    say('three expiries, the clock set ahead')
    const ahead = await compareExpiries(HOUR_MS, effort.everySeconds)
    say('the start of each command')
    const startUp = await compareStartUp(effort.startUpRuns)
    return formatReport({ crowd, cached, carrying, back, ahead, startUp }, effort.everySeconds)
  } finally {
    await api.stop()
  }
}

/**
 * @typedef {object} Results
 * @property {import('./client/crowd.mjs').Crowd} crowd
 * @property {import('./client/cached.mjs').Cached} cached
 * @property {import('./client/carrying.mjs').Carrying[]} carrying
 * @property {import('./client/compare-expiries.mjs').Row[]} back
 * @property {import('./client/compare-expiries.mjs').Row[]} ahead
 * @property {import('./start-up.mjs').StartUp} startUp
 */

/** @param {Results} results @returns {import('./report.mjs').Target[]} */
function targets({ crowd, cached, carrying, back, ahead, startUp }) {
  const many = CALLERS.toLocaleString('en')
  return [
    {
      promise: `exchanges for ${many} concurrent \`getToken\` on an expired token, the most of all rounds`,
      measured: crowd.fewest === 0 ? 0 : crowd.most,
      bound: 1,
      unit: '',
      isExact: true,
    },
    {
      promise: 'cached `getToken`, over a resolved promise',
      measured: median(cached.map((round) => round.cached - round.bare)),
      bound: 400,
      unit: ' ns',
    },
    ...carrying.map(({ name, bare, carried }) => ({
      promise: `CPU of \`createFetch\`, ${name}`,
      measured: median(carried.map((micros, round) => micros / (bare[round] ?? Number.NaN))),
      bound: name.startsWith('URL') ? 1.1 : 1.3,
      unit: ' × `fetch`',
    })),
    ...[
      { rows: back, how: 'back' },
      { rows: ahead, how: 'ahead' },
    ].flatMap(({ rows, how }) => [
      {
        promise: `calls failed in three expiries, clock set ${how}`,
        measured: rows[0]?.failures ?? Number.NaN,
        bound: 0,
        unit: '',
      },
      {
        promise: `exchanges in three expiries, clock set ${how}`,
        measured: exchangesBesideFewest(rows),
        bound: 1,
        unit: ' × the fewest of who failed no more',
      },
    ]),
    ...startUp.toFirst.slice(1).map(({ name, ratio }) => ({
      promise: `${name}, to its first input or output`,
      measured: ratio,
      bound: 1.5,
      unit: ' × `node -e 0`',
    })),
  ]
}

/** @param {Results} results @param {number} everySeconds */
function formatReport(results, everySeconds) {
  const bare = median(results.cached.map((round) => round.bare))
  const cached = median(results.cached.map((round) => round.cached))
  return `# Benchmarks of the client and the command

Written by \`npm run bench\`, or alone by \`node bench/run.mjs client\`; the service's are [a page of their own](benchmarks.md).
Candidates take turns, round by round; compared is the median over the rounds of the ratio, or the difference, within a
round. Absolute figures hold for the machine of that run only: Node ${process.versions.node}, ${availableParallelism()} cores.

## Promises

${formatTargets(targets(results))}

## A cached token

Awaited, a promise that is kept took ${bare.toFixed(0)} ns, a cached \`getToken\` ${cached.toFixed(0)} ns.

## A call with a token

CPU of the client's process, all threads, in microseconds a call: eight calls at a time over kept connections to a server
that is another process. The bare \`fetch\` sends the same \`Authorization\` header.

${formatCarrying(results.carrying)}

## Three expiries

1,000 callers share one cache and call an API over three lifetimes of a token, ${(results.back[0]?.calls ?? 0).toLocaleString('en')} calls in all: all at
once at the start, then each every ${everySeconds} s, evenly spread. A token lives for 900 s from its issue, an exchange takes 2 s, the first one
asked for once 600 s have passed is answered with 503, and halfway the machine's wall clock is set by an hour. Time is
virtual and chance seeded, so these figures are the same on every machine.

A call failed if it threw, or if the API answered 401 in the end. Every call could be served: at any moment one further
exchange, 2 s long, gives a living token. Whoever goes on with a dead token makes fewer exchanges and fails; so exchanges
are compared among those who failed no more calls than the first row. Each candidate is used as its documentation says, at
its own margin before the end, with its remedy for a 401 where it has one.

The clock is set back:

${formatExpiries(results.back)}

The clock is set ahead:

${formatExpiries(results.ahead)}

## The start of a command

From the start of the process to its first input or output, which for most is that the credentials file is read, and to its
first byte on standard output, standard error or the network; \`node -e 0\` to its end. \`header\`, \`exec\` and \`proxy\` find an
empty cache.

${formatStartUp(results.startUp)}
`
}
