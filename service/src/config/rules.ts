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

/** Two addresses, each a host and a port: what listens at them is for different people. */
function apart(
  one: readonly [keyof Config, keyof Config],
  other: readonly [keyof Config, keyof Config],
): Rule {
  return {
    settings: [...one, ...other],
    isBroken: (config) =>
      config[one[0]] === config[other[0]] &&
      config[one[1]] === config[other[1]] &&
      ![0, null].includes(config[one[1]] as number | null),
    problem: `${name(one[1])} and ${name(other[1])} are the same port of one address; give each its own`,
  }
}

const RULES: readonly Rule[] = [
  exclusive('masterKey', 'masterKeyFile'),
  exclusive('masterKey', 'masterKeyCommand'),
  exclusive('masterKeyFile', 'masterKeyCommand'),
  needs('metricsHost', 'metricsPort'),
  needs('adminHost', 'adminPort'),
  needs('databasePoolSize', 'databaseUrl'),
  needs('databaseConnectTimeoutMs', 'databaseUrl'),
  needs('databaseQueryTimeoutMs', 'databaseUrl'),
  needs('databaseIdleTimeoutMs', 'databaseUrl'),
  needs('keyCacheSize', 'databaseUrl'),
  apart(['metricsHost', 'metricsPort'], ['host', 'port']),
  apart(['adminHost', 'adminPort'], ['host', 'port']),
  apart(['adminHost', 'adminPort'], ['metricsHost', 'metricsPort']),
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
