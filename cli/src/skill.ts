import { token } from './commands/token.ts'
import { EXIT, Refusal } from './exit-codes.ts'
import type { Options } from './options.ts'
import { run, runCommand } from './run.ts'
import { SKILL } from './skill-row.ts'
import { checkSources } from './source-report.ts'
import type { Surroundings } from './surroundings.ts'

// The skill's script, an entry of its own: it is bundled into one file, which nothing checks the Node of beforehand.
run(process, async (argv, surroundings) => {
  const { node } = process.versions
  if (Number(node.split('.')[0]) < 20)
    throw new Refusal(EXIT.usage, `Node ${node} is too old; use Node 20 or newer`)
  return runCommand(argv, SKILL, surroundings, async () => tokenOrCheck)
})

function tokenOrCheck(options: Options, surroundings: Surroundings): Promise<number> {
  return (options.check ? checkSources : token)(options, surroundings)
}
