// `npm run bench`: measures what this project promises about speed and memory, side by side in one run, prints it and writes
// a page in docs/ for each part. Linux only, since CPU time and memory of a process are read from /proc. Takes about an
// hour; all load goes to 127.0.0.1. `node bench/run.mjs client` measures one part; with `--short` it only shows that it
// runs, and writes nothing. `--minutes` and `--seed` are the mix's.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { measureClient } from './client.mjs'
import { measureMix } from './mix.mjs'
import { measureNodes } from './nodes.mjs'
import { measureOverload } from './overload.mjs'
import { rootPath } from './processes.mjs'
import { measureService } from './service.mjs'
import { measureTransfer } from './transfer.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string' },
  },
})
const say = (/** @type {string} */ step) => process.stderr.write(`bench: ${step}\n`)
const parts = [
  { name: 'service', page: 'docs/benchmarks.md', measure: () => measureService(say) },
  { name: 'nodes', page: 'docs/benchmarks-nodes.md', measure: () => measureNodes(say) },
  { name: 'mix', page: 'docs/benchmarks-mix.md', measure: () => measureMix(say, mixOptions()) },
  {
    name: 'overload',
    page: 'docs/benchmarks-overload.md',
    measure: () => measureOverload(say, values.short),
  },
  {
    name: 'transfer',
    page: 'docs/benchmarks-transfer.md',
    measure: () => measureTransfer(say, values.short),
  },
  { name: 'client', page: 'docs/benchmarks-client.md', measure: () => measureClient(say, values.short) },
]
for (const name of positionals)
  if (!parts.some((part) => part.name === name))
    throw new Error(`there is no part ${name}: service, nodes, mix, overload, transfer, client`)

/** How long the mix is held with each kind of connection, and its seed, if it is to be one of before. */
function mixOptions() {
  const { short, seed } = values
  const minutes = Number(values.minutes)
  if (!(minutes > 0)) throw new Error('--minutes is a number above 0')
  return { short, minutes, ...(seed !== undefined && { seed: Number(seed) }) }
}

for (const { name, page, measure } of parts) {
  if (positionals.length > 0 && !positionals.includes(name)) continue
  const report = await measure()
  process.stdout.write(report)
  if (!values.short) writeFileSync(rootPath(page), report)
}
