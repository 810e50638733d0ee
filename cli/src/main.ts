import { readFile } from 'node:fs/promises'
import { COMMANDS } from './command-table.ts'
import { EXIT, Refusal } from './exit-codes.ts'
import { formatOverview } from './help.ts'
import { print, run, runCommand } from './run.ts'
import type { Surroundings } from './surroundings.ts'

/** Runs `interhuman-auth` with what was typed. A command's own code is loaded when its name was. */
export function main(): Promise<void> {
  return run(process, dispatch)
}

async function dispatch([name, ...rest]: readonly string[], surroundings: Surroundings): Promise<number> {
  switch (name) {
    case 'token':
      return runCommand(
        rest,
        COMMANDS.token,
        surroundings,
        async () => (await import('./commands/token.ts')).token,
      )
    case 'check':
      return runCommand(
        rest,
        COMMANDS.check,
        surroundings,
        async () => (await import('./commands/check.ts')).check,
      )
    case '--help':
    case '-h':
      return print(formatOverview(), surroundings)
    case '--version':
      return print(`${await readVersion()}\n`, surroundings)
    default:
      throw new Refusal(
        EXIT.usage,
        `${name === undefined ? 'no command is named' : 'the first argument is no command'}; see interhuman-auth --help`,
      )
  }
}

async function readVersion(): Promise<string> {
  return JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')).version
}
