import { SKILL } from './command-table.ts'
import { check } from './commands/check.ts'
import { token } from './commands/token.ts'
import { run, runCommand } from './run.ts'

run((argv, surroundings) =>
  runCommand(
    argv,
    SKILL,
    surroundings,
    async () => (options, own) => (options.check ? check : token)(options, own),
  ),
)
