import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cleanEnvironment, type ProcessResult, type RunningService, runProcess } from './start-service.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** The path of a recipe. */
export function recipe(name: string): string {
  return join(root, 'docs/recipes', name)
}

/** A folder like the one of a recipe's user: the packages installed, the key in a file, a video, and a curl that tells on itself. */
export interface RecipeFolder {
  readonly path: string
  /** Runs a program there, with the command on its path. */
  run(file: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<ProcessResult>
  /** What curl was started with since the last call: its arguments and its environment. */
  takeCurls(): string
  remove(): void
}

/** Makes one for a service's first key. */
export function makeRecipeFolder(service: RunningService): RecipeFolder {
  const path = mkdtempSync(join(tmpdir(), 'interhuman-recipe-'))
  const started = join(path, 'curl.log')
  symlinkSync(join(root, 'node_modules'), join(path, 'node_modules'))
  writeFileSync(join(path, 'meeting.mp4'), 'a recording')
  mkdirSync(join(path, 'bin'))
  const rest = process.env.PATH ?? ''
  writeFileSync(
    join(path, 'bin/curl'),
    `#!/bin/sh\n{ printf '%s\\n' "$@"; env; } >> '${started}'\nPATH='${rest}' exec curl "$@"\n`,
  )
  chmodSync(join(path, 'bin/curl'), 0o755)
  writeFileSync(started, '')
  return {
    path,
    run(file, args, env = {}) {
      const PATH = [join(path, 'bin'), join(root, 'node_modules/.bin'), rest].join(delimiter)
      const own = {
        INTERHUMAN_CONFIG: service.credentialsFile,
        HOME: path,
        XDG_CACHE_HOME: path,
        PATH,
        ...env,
      }
      return runProcess('/bin/sh', ['-c', `cd '${path}' && exec "$0" "$@"`, file, ...args], {
        ...cleanEnvironment(own),
      })
    },
    takeCurls() {
      const text = readFileSync(started, 'utf8')
      writeFileSync(started, '')
      return text
    },
    remove: () => rmSync(path, { recursive: true }),
  }
}

/** Whether this machine has a curl that the recipes can use. */
export async function hasCurl(): Promise<boolean> {
  const { code, stdout } = await runProcess('curl', ['--help', 'all']).catch(() => ({ code: 1, stdout: '' }))
  return code === 0 && stdout.includes('--fail-with-body')
}
