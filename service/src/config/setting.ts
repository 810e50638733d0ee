const ENVIRONMENT_PREFIX = 'INTERHUMAN_AUTH_'

/** A row of the configuration table: the parser, `--help`, the errors and `docs/configuration.md` come from it. */
export interface Setting<Name extends string = string, Value = unknown> {
  readonly name: Name
  /** The environment variable. */
  readonly environment: string
  /** The flag without its dashes; `null` for what has none: a secret, and what another program has named. */
  readonly flag: string | null
  /** What it is, for people; units included. */
  readonly description: string
  /** How the default reads, for people. */
  readonly defaultText: string
  /** What a value looks like, for people. */
  readonly placeholder: string
  /** Comes from the environment or a file only, and is never shown. */
  readonly secret: boolean
  /** Whether a secret can be given as the file that holds it: `false` where a row of its own names that file. */
  readonly byFile: boolean
  readonly defaultValue: Value
  /** @throws {TypeError} whose message says what a value must be, never the value itself. */
  parse(text: string): Value
}

interface Text {
  readonly placeholder: string
  readonly description: string
  /** Of a variable that is not of our naming: it has no flag. */
  readonly environment?: string
}

/** A setting with a default. */
export function setting<const Name extends string, Value>(
  name: Name,
  defaultValue: NoInfer<Value>,
  parse: (text: string) => Value,
  text: Text & { readonly defaultText?: string },
): Setting<Name, Value> {
  return { ...describe(name, text), defaultText: String(defaultValue), ...text, defaultValue, parse }
}

/** A setting that is `null` unless somebody gives it. */
export function optional<const Name extends string, Value>(
  name: Name,
  parse: (text: string) => Value,
  text: Text & { readonly defaultText: string },
): Setting<Name, Value | null> {
  return { ...describe(name, text), ...text, defaultValue: null, parse }
}

/** A secret: `null` unless given, by its environment variable or by the file that the setting of {@link fileSetting} names. */
export function secret<const Name extends string, Value>(
  name: Name,
  parse: (text: string) => Value,
  text: Text & { readonly defaultText: string; readonly byFile?: boolean },
): Setting<Name, Value | null> {
  return { ...optional(name, parse, text), flag: null, secret: true, byFile: text.byFile ?? true }
}

/** The setting that names the file of a secret. The path is no secret, so it has a flag. */
export function fileSetting(
  row: Setting,
  parsePath: (text: string) => string,
): Setting<string, string | null> {
  return optional(`${row.name}File`, parsePath, {
    placeholder: 'FILE',
    description: `File that holds \`${row.environment}\` instead: 0600, a newline at its end does not count.`,
    defaultText: 'none',
  })
}

function describe<Name extends string>(name: Name, { environment }: Text) {
  const names =
    environment === undefined
      ? { environment: environmentName(name), flag: flagName(name) }
      : { environment, flag: null }
  return { name, ...names, secret: false, byFile: false }
}

/** The environment variable of a setting of ours. */
export function environmentName(name: string): string {
  return ENVIRONMENT_PREFIX + name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
}

/** The flag of a setting of ours, without its dashes. */
export function flagName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** Whether a variable is meant for this program, known or not. */
export function isOurs(variable: string): boolean {
  return variable.startsWith(ENVIRONMENT_PREFIX)
}
