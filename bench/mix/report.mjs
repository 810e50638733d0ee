import { availableParallelism } from 'node:os'
import { formatTable } from '../report.mjs'
import { BOUND_MS, CHANGES, USUAL_BOUND_MS } from './changes.mjs'
import { isHeld, MAX_SHED_ONE_OF, P99_BOUND_MS } from './search.mjs'

/** @typedef {import('./search.mjs').Held} Held */
/** @typedef {import('./load.mjs').Result} Result */

const NAMES = { kept: 'kept-alive', new: 'a new one each' }

const sumOf = (/** @type {readonly Result[]} */ results, /** @type {'wrong' | 'sent' | 'verified'} */ what) =>
  results.reduce((sum, each) => sum + each[what], 0)

/** At the rates that are held. @param {readonly Held[]} helds */
export const wrongAnswers = (helds) =>
  sumOf(
    helds.map(({ result }) => result),
    'wrong',
  )

const count = (/** @type {number} */ number) => number.toLocaleString('en')

/**
 * Writes the page.
 *
 * @param {readonly Held[]} helds
 * @param {number} seed
 */
export function formatMix(helds, seed) {
  const held = helds.map(({ result }) => result)
  const searched = helds.flatMap((each) => each.searched)
  const problems = [...held, ...searched].flatMap((result) => result.problems).slice(0, 10)
  return `# Benchmarks: correct under load

Written by \`node bench/run.mjs mix\`. Node ${process.versions.node}, ${availableParallelism()} cores, shared by the load generator, two nodes of the service and their
PostgreSQL, with metrics and every limit on (at numbers that are not reached). The rates are therefore not those of a
machine that only runs the service: they are the highest ones at which everything together holds a p99 of ${P99_BOUND_MS} ms, counted
from the moment when a request was due, and shed at most one of ${count(MAX_SHED_ONE_OF)}. Requests come at random moments whether those before are
answered or not; what is asked follows from a seed (${seed}).

**Wrong answers: ${wrongAnswers(helds)}** of ${count(sumOf(held, 'sent'))} requests at the rates that are held. An answer is wrong unless it is the one that its request must get:
status, error id, members of the body and what they say, headers. No answer at all is wrong too. Of the tokens ${count(sumOf([...held, ...searched], 'verified'))}, one in twenty,
were verified with the published key.

While the rates were looked for, in ${searched.length} attempts of which some ask for more than there is: ${sumOf(searched, 'wrong')} of ${count(sumOf(searched, 'sent'))}. Where a node does not come to read the
changes for seconds, what it remembers may be as old as that, 5 s at most, and here it counts as wrong after ${BOUND_MS / 1000} s; and a
change that names a second to come is refused with 422 where it is answered behind that second.
${problems.map((problem) => `\n- ${problem}`).join('')}${problems.length > 0 ? '\n' : ''}
## The rate that is held

${formatHeld(helds)}

With a new connection each the service closes it, as it is asked to, so that the load generator never runs out of ports.

## Changes meanwhile

At those rates, twice a second a key is made through one node and later ended through the operator's API of one, in turn, while both are asked
about it. On the node that made the change each request that is begun after its acknowledgement must get the new answer; on
the other one each that is begun more than ${BOUND_MS} ms after it, and in 99 of 100 changes ${USUAL_BOUND_MS} ms. The time is how long after the
acknowledgement the other node was asked last that still answered as before. What a change puts off to a later second must
count within a second of that on both.

${formatChanges(helds)}

## Answers

${formatAnswers(helds)}
`
}

/** @param {readonly Held[]} helds */
function formatHeld(helds) {
  return formatTable(
    ['connections', 'requests/s', 'minutes', 'requests', 'wrong', 'shed', 'p50 ms', 'p99 ms', ''],
    helds.map(({ mode, perSecond, result }) => [
      NAMES[mode],
      count(perSecond),
      (result.seconds / 60).toFixed(1),
      count(result.sent),
      String(result.wrong),
      String(result.sheds),
      result.p50.toFixed(1),
      result.p99.toFixed(1),
      isHeld(result) ? 'held' : '**not held**',
    ]),
  )
}

/** @param {readonly Held[]} helds */
function formatChanges(helds) {
  const done = helds.flatMap(({ result }) => result.changes)
  const rows = Object.entries(CHANGES).map(([name, kind]) => {
    const lags = done.filter((each) => each.name === name).map(({ lag }) => lag)
    return { name, lags: lags.sort((a, b) => a - b), isLater: 'laterMs' in kind }
  })
  const atOnce = rows.filter(({ isLater }) => !isLater).flatMap(({ lags }) => lags)
  const every = { name: 'all that count at once', lags: atOnce.sort((a, b) => a - b), isLater: false }
  return formatTable(
    ['change', 'made', 'p50 ms', 'p99 ms', 'slowest ms'],
    [...rows, every].map(({ name, lags, isLater }) => {
      const at = (/** @type {number} */ share) =>
        isLater ? 'later' : (lags[Math.floor((lags.length - 1) * share)] ?? Number.NaN).toFixed(0)
      return [name, String(lags.length), at(0.5), at(0.99), at(1)]
    }),
  )
}

/** @param {readonly Held[]} helds */
function formatAnswers(helds) {
  /** @type {Map<string, number[]>} */
  const rows = new Map()
  for (const [column, { result }] of helds.entries())
    for (const [kind, answers] of Object.entries(result.answers))
      for (const [answer, number] of Object.entries(answers)) {
        const name = `${kind} | ${answer}`
        const row = rows.get(name) ?? helds.map(() => 0)
        row[column] = number
        rows.set(name, row)
      }
  const names = [...rows.keys()].sort()
  const head = ['request | answer', ...helds.map(({ mode }) => NAMES[mode])]
  const table = names.map((name) => [name, ...(rows.get(name) ?? []).map(count)])
  return formatTable(head, table).replace('\n| --- |', '\n| --- | --- |')
}
