import { environmentName } from './setting.ts'
import type { Config } from './table.ts'

/** Settings that are each allowed and not together. */
interface Rule {
  /** What it is about: the rule is silent where the value of one of them is not allowed by itself. */
  readonly settings: readonly (keyof Config)[]
  isBroken(config: Config, given: ReadonlySet<string>): boolean
  /** One line, without a value. */
  readonly problem: string
}

const name = (setting: keyof Config) => environmentName(setting)

/** Of two settings at most one may be given. */
function exclusive(one: keyof Config, other: keyof Config): Rule {
  return {
    settings: [one, other],
    isBroken: (config) => config[one] !== null && config[other] !== null,
    problem: `${name(one)} and ${name(other)} exclude each other`,
  }
}

/** A setting that changes nothing unless another one is given: whoever gives it expects that it does. */
function needs(one: keyof Config, other: keyof Config): Rule {
  return {
    settings: [one, other],
    isBroken: (config, given) => given.has(one) && config[other] === null,
    problem: `${name(one)} does nothing without ${name(other)}`,
  }
}

const RULES: readonly Rule[] = [
  exclusive('masterKey', 'masterKeyFile'),
  exclusive('masterKey', 'masterKeyCommand'),
  exclusive('masterKeyFile', 'masterKeyCommand'),
  needs('metricsHost', 'metricsPort'),
  needs('databasePoolSize', 'databaseUrl'),
  needs('databaseConnectTimeoutMs', 'databaseUrl'),
  needs('databaseQueryTimeoutMs', 'databaseUrl'),
  needs('databaseIdleTimeoutMs', 'databaseUrl'),
  needs('keyCacheSize', 'databaseUrl'),
  {
    settings: ['host', 'port', 'metricsHost', 'metricsPort'],
    isBroken: ({ host, port, metricsHost, metricsPort }) =>
      port !== 0 && host === metricsHost && port === metricsPort,
    problem: `${name('metricsPort')} is the port of the service itself; metrics have an address of their own`,
  },
  {
    settings: ['workers', 'databaseUrl'],
    isBroken: ({ workers, databaseUrl }) => workers > 1 && databaseUrl === null,
    problem: `${name('workers')} above 1 needs PostgreSQL (${name('databaseUrl')}): a SQLite database has one process that serves it`,
  },
]

/**
 * Every contradiction between settings, one line each.
 *
 * @param given the names of the settings that somebody gave, by whatever way.
 * @param refused the names of those whose own value is not allowed.
 */
export function findContradictions(
  config: Config,
  given: ReadonlySet<string>,
  refused: ReadonlySet<string>,
): string[] {
  return RULES.filter(
    ({ settings, isBroken }) => !settings.some((each) => refused.has(each)) && isBroken(config, given),
  ).map(({ problem }) => problem)
}
