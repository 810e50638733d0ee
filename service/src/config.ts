import { findContradictions } from './config/rules.ts'
import { fileSetting, isOurs, type Setting } from './config/setting.ts'
import { CONFIGURATION, type Config } from './config/table.ts'
import { parsePath } from './config/values.ts'
import { readSecretFile } from './secret-file.ts'
import { StartupError } from './startup-error.ts'

export type { Config } from './config/table.ts'

/** What a process has in its environment. */
export type Environment = Readonly<Record<string, string | undefined>>
/** The values of the flags that were given, by their names without dashes. */
export type Flags = Readonly<Record<string, string | undefined>>

/** Where a value came from, and the name under which it was given there; a file's is its path. */
export type Source =
  | { readonly kind: 'default' }
  | { readonly kind: 'environment' | 'flag' | 'file'; readonly name: string }

/** What was read: every value, where it came from, and what is wrong with it. */
export interface Reading {
  readonly config: Config
  /** By the setting's name. */
  readonly sources: ReadonlyMap<string, Source>
  /** What was given, as it was given, by the setting's name; a secret is not among it. */
  readonly texts: ReadonlyMap<string, string>
  /** The names of the settings whose own value is not allowed; they have their default here. */
  readonly refused: ReadonlySet<string>
  /** A line each, without a value. */
  readonly problems: readonly string[]
}

/** The environment of the process: the one place that reads it. */
export function processEnvironment(): Environment {
  return process.env
}

/**
 * Reads the configuration: a flag before the environment before the default; a secret from the environment or a file.
 *
 * @throws {StartupError} with a line for every setting that is unknown, empty, has a value that is not allowed or
 *   contradicts another one. A value is never in it.
 */
export function readConfig(environment: Environment, flags: Flags = {}): Config {
  return refuseProblems(readSettings(environment, flags)).config
}

/**
 * Lets a reading pass in which nothing is wrong.
 *
 * @throws {StartupError} as {@link readConfig} does.
 */
export function refuseProblems(reading: Reading): Reading {
  if (reading.problems.length > 0) throw new StartupError(reading.problems.join('\n'))
  return reading
}

/** Reads the configuration as {@link readConfig} does, and tells all about it instead of throwing. */
export function readSettings(environment: Environment, flags: Flags = {}): Reading {
  const problems = unknownSettings(environment)
  const values: Record<string, unknown> = {}
  const sources = new Map<string, Source>()
  const texts = new Map<string, string>()
  const refused = new Set<string>()
  for (const row of CONFIGURATION) {
    values[row.name] = row.defaultValue
    sources.set(row.name, { kind: 'default' })
    try {
      const found = findText(row, environment, flags)
      if (found === undefined) continue
      sources.set(row.name, found.source)
      if (!row.secret) texts.set(row.name, found.text)
      values[row.name] = parse(row, found)
    } catch (error) {
      problems.push((error as Error).message)
      refused.add(row.name)
    }
  }
  const config = values as unknown as Config
  const given = new Set([...sources].flatMap(([name, { kind }]) => (kind === 'default' ? [] : [name])))
  problems.push(...findContradictions(config, given, refused))
  return { config, sources, texts, refused, problems }
}

interface Found {
  readonly text: string
  readonly source: Exclude<Source, { readonly kind: 'default' }>
}

function findText(row: Setting, environment: Environment, flags: Flags): Found | undefined {
  const plain = findPlain(row, environment, flags)
  if (!row.byFile) return plain
  const file = findFile(row, environment, flags)
  if (file === undefined) return plain
  if (plain !== undefined) throw new TypeError(`${row.environment} and ${file.asked} exclude each other`)
  const text = readSecretFile(file.path, { name: `the file of ${file.asked}` })
  return { text, source: { kind: 'file', name: file.path } }
}

function findPlain(row: Setting, environment: Environment, flags: Flags): Found | undefined {
  const flag = row.flag === null ? undefined : flags[row.flag]
  if (flag !== undefined) return { text: flag, source: { kind: 'flag', name: `--${row.flag}` } }
  const text = environment[row.environment]
  return text === undefined ? undefined : { text, source: { kind: 'environment', name: row.environment } }
}

function findFile(row: Setting, environment: Environment, flags: Flags) {
  const fileRow = fileSetting(row, parsePath)
  const found = findPlain(fileRow, environment, flags)
  // An empty path is refused where the file's own row is read.
  if (found === undefined || found.text === '') return undefined
  return { path: parsePath(found.text), asked: found.source.name }
}

function parse(row: Setting, { text, source }: Found): unknown {
  try {
    return row.parse(text)
  } catch (error) {
    const asked = source.kind === 'file' ? `the content of ${source.name}` : source.name
    throw new TypeError(`${asked} ${(error as Error).message}`)
  }
}

function unknownSettings(environment: Environment): string[] {
  const known = new Set(CONFIGURATION.map((row) => row.environment))
  return Object.keys(environment)
    .filter((name) => isOurs(name) && !known.has(name))
    .map((name) => `${name} is not a setting; see docs/configuration.md`)
}
