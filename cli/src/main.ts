import { COMMANDS, type CommandName } from './command-table.ts'
import { readKeychain } from './credentials/keychain.ts'
import { EXIT, Refusal } from './exit-codes.ts'
import { formatOverview } from './help.ts'
import { type Command, print, run, runCommand } from './run.ts'
import type { Surroundings } from './surroundings.ts'

/** Loads a command's own code, which nothing else needs: what is loaded at the start is waited for by everybody. */
const load: Readonly<Record<CommandName, () => Promise<Command>>> = {
  token: async () => (await import('./commands/token.ts')).token,
  check: async () => (await import('./commands/check.ts')).check,
  header: async () => (await import('./commands/header.ts')).header,
  exec: async () => (await import('./commands/exec.ts')).exec,
  proxy: async () => (await import('./commands/proxy.ts')).proxy,
  login: async () => (await import('./commands/login.ts')).login,
  logout: async () => (await import('./commands/logout.ts')).logout,
  explain: async () => (await import('./commands/explain.ts')).explain,
  completion: async () => (await import('./commands/completion.ts')).completion,
}

/** Runs `interhuman-auth` with what was typed. */
export function main(): Promise<void> {
  return run(process, dispatch, readKeychain)
}

async function dispatch([name, ...rest]: readonly string[], surroundings: Surroundings): Promise<number> {
  if (isCommand(name)) return runCommand(rest, COMMANDS[name], surroundings, load[name])
  if (name === '--help' || name === '-h') return print(formatOverview(COMMANDS), surroundings)
  if (name === '--version') return print(`${await readVersion()}\n`, surroundings)
  const what = name === undefined ? 'no command is named' : 'the first argument is no command'
  throw new Refusal(EXIT.usage, `${what}; see interhuman-auth --help`)
}

function isCommand(name: string | undefined): name is CommandName {
  return name !== undefined && Object.hasOwn(COMMANDS, name)
}

async function readVersion(): Promise<string> {
  const { readFile } = await import('node:fs/promises')
  return JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')).version
}
