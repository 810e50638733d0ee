import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import ipaddr from 'ipaddr.js'
import { afterAll, describe, expect, test } from 'vitest'
import { environmentName, flagName, type Setting } from '../src/config/setting.ts'
import { CONFIGURATION } from '../src/config/table.ts'
import { type Config, readConfig, readSettings } from '../src/config.ts'
import { StartupError } from '../src/startup-error.ts'
import { parsePostgresAddress } from '../src/store/postgres-address.ts'

const folder = mkdtempSync(join(tmpdir(), 'config-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
function secretFile(content: string): string {
  files += 1
  const file = join(folder, String(files))
  writeFileSync(file, content, { mode: 0o600 })
  return file
}

/** A count where 0 stands for no limit. */
const COUNT: { good: readonly [string, number][]; bad: readonly string[] } = {
  good: [
    ['0', 0],
    ['999999999', 999_999_999],
  ],
  bad: ['', '-1', '1.5', '1000000000', 'LEAK'],
}

/** Two values that are allowed and as they are read; values that are not. */
const CASES: {
  readonly [Name in keyof Config]: { good: readonly [string, Config[Name]][]; bad: readonly string[] }
} = {
  host: {
    good: [
      ['0.0.0.0', '0.0.0.0'],
      ['::1', '::1'],
    ],
    bad: [''],
  },
  port: {
    good: [
      ['0', 0],
      ['65535', 65_535],
    ],
    bad: ['', '65536', '-1', '1.5', '0x10', ' 80', '80 ', '1e3', 'LEAK'],
  },
  dataDir: {
    good: [
      ['some', resolve('some')],
      ['/var/x', '/var/x'],
    ],
    bad: [''],
  },
  usageRetentionDays: {
    good: [
      ['0', 0],
      ['30', 30],
    ],
    bad: ['', '-1', '1.5'],
  },
  auditRetentionDays: {
    good: [
      ['0', 0],
      ['365', 365],
    ],
    bad: ['', '-1', '36501'],
  },
  maxFeeds: {
    good: [
      ['1', 1],
      ['1000000', 1_000_000],
    ],
    bad: ['0', ''],
  },
  keyCacheSize: {
    good: [
      ['1', 1],
      ['50000', 50_000],
    ],
    bad: ['0', ''],
  },
  trustedProxies: {
    good: [
      ['10.0.0.0/8', [[ipaddr.parse('10.0.0.0'), 8]]],
      [
        '192.0.2.1, fd00::/8',
        [
          [ipaddr.parse('192.0.2.1'), 32],
          [ipaddr.parse('fd00::'), 8],
        ],
      ],
    ],
    bad: ['', 'LEAK', '0.0.0.0/0', '10.0.0.1,', '010.0.0.1', '10.0.0.0/8 192.0.2.1'],
  },
  databaseUrl: {
    good: [
      ['postgres://u:LEAK-one@h/d', parsePostgresAddress('postgres://u:LEAK-one@h/d')],
      ['postgresql://u@h1,h2:6/d', parsePostgresAddress('postgres://u@h1:5432,h2:6/d')],
    ],
    bad: ['', 'LEAK', 'mysql://u:LEAK@h/d', 'postgres://:LEAK@h/d', 'postgres://u:LEAK@h/d?LEAK=1'],
  },
  databasePoolSize: {
    good: [
      ['2', 2],
      ['1000', 1000],
    ],
    bad: ['', '1', '1001'],
  },
  databaseConnectTimeoutMs: {
    good: [
      ['100', 100],
      ['60000', 60_000],
    ],
    bad: ['', '99', '60001', '2s'],
  },
  databaseQueryTimeoutMs: {
    good: [
      ['100', 100],
      ['4400', 4400],
    ],
    bad: ['', '99', '4401'],
  },
  databaseIdleTimeoutMs: {
    good: [
      ['1000', 1000],
      ['3600000', 3_600_000],
    ],
    bad: ['', '999', '3600001'],
  },
  addressRequestsPerMinute: COUNT,
  addressRequestsAtOnce: COUNT,
  addressConnections: COUNT,
  failuresPerMinute: COUNT,
  keyRequestsPerMinute: COUNT,
  keyTokensPerDay: COUNT,
  refusalLinesPerSecond: {
    good: [
      ['1', 1],
      ['999999999', 999_999_999],
    ],
    bad: ['', '0', '1000000000'],
  },
  maxInFlight: {
    good: [
      ['1', 1],
      ['1000000', 1_000_000],
    ],
    bad: ['', '0', '1000001'],
  },
  maxLoopDelayMs: {
    good: [
      ['10', 10],
      ['60000', 60_000],
    ],
    bad: ['', '9', '60001'],
  },
  issuer: {
    good: [
      ['https://a.test', 'https://a.test'],
      ['http://127.0.0.1:4747/x', 'http://127.0.0.1:4747/x'],
    ],
    bad: [
      '',
      'LEAK',
      'ftp://LEAK',
      'https://u:LEAK@a.test',
      'https://a.test/',
      'https://a.test?LEAK',
      'https://a.test#LEAK',
    ],
  },
  audience: {
    good: [
      ['any text', 'any text'],
      ['https://b.test', 'https://b.test'],
    ],
    bad: [''],
  },
  algorithm: {
    good: [
      ['EdDSA', 'EdDSA'],
      ['HS256', 'HS256'],
    ],
    bad: ['', 'none', 'es256', 'RS256', 'LEAK'],
  },
  errorPage: {
    good: [
      ['https://a.test/e', 'https://a.test/e'],
      ['http://b.test', 'http://b.test'],
    ],
    bad: ['', 'LEAK'],
  },
  masterKeyFile: {
    good: [
      ['k', resolve('k')],
      ['/k', '/k'],
    ],
    bad: [''],
  },
  masterKey: {
    good: [
      ['LEAK-one', 'LEAK-one'],
      ['LEAK-two', 'LEAK-two'],
    ],
    bad: [''],
  },
  masterKeyCommand: {
    good: [
      ['/bin/cat /run/key', { program: '/bin/cat', args: ['/run/key'] }],
      [' /bin/a  -b ', { program: '/bin/a', args: ['-b'] }],
    ],
    bad: ['', ' ', 'cat LEAK', './cat LEAK'],
  },
  signingKeyRotationDays: {
    good: [
      ['0', 0],
      ['3650', 3650],
    ],
    bad: ['', '-1', '3651', '1.5', 'LEAK'],
  },
  workers: {
    good: [
      ['1', 1],
      ['1', 1],
    ],
    bad: ['', '0', '65', '1.5'],
  },
  maxBodyBytes: {
    good: [
      ['1024', 1024],
      ['1048576', 1_048_576],
    ],
    bad: ['', '1023', '1048577', '16k'],
  },
  maxHeaderBytes: {
    good: [
      ['1024', 1024],
      ['1048576', 1_048_576],
    ],
    bad: ['', '1023', '1048577'],
  },
  requestTimeoutMs: {
    good: [
      ['100', 100],
      ['600000', 600_000],
    ],
    bad: ['', '99', '600001', '10s'],
  },
  keepAliveTimeoutMs: {
    good: [
      ['0', 0],
      ['600000', 600_000],
    ],
    bad: ['', '-1', '600001'],
  },
  maxConnections: {
    good: [
      ['1', 1],
      ['1000000', 1_000_000],
    ],
    bad: ['', '0', '1000001'],
  },
  shutdownTimeoutMs: {
    good: [
      ['0', 0],
      ['600000', 600_000],
    ],
    bad: ['', '600001'],
  },
  adminPort: {
    good: [
      ['0', 0],
      ['4748', 4748],
    ],
    bad: ['', '65536', 'LEAK'],
  },
  adminHost: {
    good: [
      ['::1', '::1'],
      ['10.0.0.1', '10.0.0.1'],
    ],
    bad: ['', 'a b'],
  },
  metricsPort: {
    good: [
      ['0', 0],
      ['9464', 9464],
    ],
    bad: ['', '65536', 'LEAK'],
  },
  metricsHost: {
    good: [
      ['::1', '::1'],
      ['10.0.0.1', '10.0.0.1'],
    ],
    bad: ['', 'a b'],
  },
  otlpEndpoint: {
    good: [
      ['http://127.0.0.1:4318', 'http://127.0.0.1:4318'],
      ['https://collector.test/otlp/', 'https://collector.test/otlp'],
    ],
    bad: ['', 'LEAK', 'grpc://LEAK', 'http://u:LEAK@a.test', 'http://a.test?LEAK'],
  },
  otlpHeaders: {
    good: [
      ['authorization=Bearer%20LEAK', { authorization: 'Bearer LEAK' }],
      ['a=1, b=2', { a: '1', b: '2' }],
    ],
    bad: ['', 'LEAK', '=LEAK', 'a=%LEAK', 'a=LEAK%0d%0ab:c', 'a b=LEAK', 'a=LEAK,'],
  },
  otelServiceName: {
    good: [
      ['auth', 'auth'],
      ['auth two', 'auth two'],
    ],
    bad: [''],
  },
  otelSampler: {
    good: [
      ['always_off', 'always_off'],
      ['parentbased_traceidratio', 'parentbased_traceidratio'],
    ],
    bad: ['', 'LEAK', 'jaeger_remote'],
  },
  otelSamplerRatio: {
    good: [
      ['0.25', 0.25],
      ['1', 1],
    ],
    bad: ['', '1.5', '-1', 'LEAK', '1e-3', '.5'],
  },
  logLevel: {
    good: [
      ['trace', 'trace'],
      ['silent', 'silent'],
    ],
    bad: ['', 'INFO', 'LEAK', 'constructor'],
  },
}
const NAMES = Object.keys(CASES) as (keyof Config)[]
const SECRETS = NAMES.filter((name) => row(name).byFile)

function row(name: keyof Config): Setting {
  const found = CONFIGURATION.find((each) => each.name === name)
  if (found === undefined) throw new Error(`the table has no ${name}`)
  return found
}

function refusal(environment: Record<string, string>, flags: Record<string, string> = {}): string[] {
  try {
    readConfig(environment, flags)
  } catch (error) {
    expect(error).toBeInstanceOf(StartupError)
    expect((error as Error).message).not.toContain('LEAK')
    return (error as Error).message.split('\n')
  }
  throw new Error('it was taken')
}

test('without anything every setting has the default that the table names', () => {
  expect(readConfig({})).toEqual(Object.fromEntries(CONFIGURATION.map((row) => [row.name, row.defaultValue])))
})

test('the limits that the contract names are the defaults', () => {
  expect(readConfig({})).toMatchObject({
    host: '127.0.0.1',
    port: 4747,
    maxBodyBytes: 16_384,
    algorithm: 'ES256',
  })
})

test.each(NAMES)('%s: a flag goes before the environment, the environment before the default', (name) => {
  const [[first, firstValue], [second, secondValue]] = CASES[name].good as [
    [string, unknown],
    [string, unknown],
  ]
  const environment = { [row(name).environment]: first }
  const { flag } = row(name)
  expect(readSettings(environment).config[name]).toEqual(firstValue)
  if (flag === null) return
  expect(readSettings(environment, { [flag]: second }).config[name]).toEqual(secondValue)
})

test.each(NAMES)(
  '%s: a value that is not allowed gives one line that names the setting and not the value',
  (name) => {
    for (const value of CASES[name].bad) {
      const { environment, flag } = row(name)
      const [line, ...more] = refusal({ [environment]: value })
      expect(more).toEqual([])
      expect(line).toMatch(new RegExp(`^${environment} must `))
      if (flag !== null) expect(refusal({}, { [flag]: value })[0]).toMatch(/^--[a-z-]+ must /)
    }
  },
)

test('every setting is in one group, has its own name, and each secret that is no file is told by file as well', () => {
  const names = CONFIGURATION.flatMap(({ environment, flag }) => [environment, `--${flag ?? environment}`])
  expect(new Set(names).size).toBe(names.length)
  const files = SECRETS.map((name) => `${name}File`)
  expect(CONFIGURATION.map(({ name }) => name).toSorted()).toEqual([...NAMES, ...files].toSorted())
})

describe.each(SECRETS)('%s by file', (name) => {
  const [text, value] = CASES[name].good[0] as [string, unknown]
  const variable = environmentName(`${name}File`)

  test('the content counts, without the newline at its end, and the path is where it came from', () => {
    const file = secretFile(`${text}\n`)
    const { config, sources, problems } = readSettings({ [variable]: file })
    expect([config[name], sources.get(name), problems]).toEqual([value, { kind: 'file', name: file }, []])
    expect(readSettings({}, { [flagName(`${name}File`)]: file }).config[name]).toEqual(value)
  })

  test('both ways at once are refused', () => {
    expect(refusal({ [variable]: secretFile(text), [row(name).environment]: text })).toEqual([
      `${row(name).environment} and ${variable} exclude each other`,
    ])
  })

  test('an absent file, one that others can read and one with a wrong content are refused by the path alone', () => {
    const [bad = ''] = CASES[name].bad
    expect(refusal({ [variable]: join(folder, 'no') })).toEqual([
      `the file of ${variable} is missing; check its path`,
    ])
    const open = secretFile(text)
    chmodSync(open, 0o604)
    expect(refusal({ [variable]: open })).toEqual([
      `the file of ${variable} can be read by others (mode 604); run chmod 600 on it`,
    ])
    const wrong = secretFile(bad)
    expect(refusal({ [variable]: wrong })[0]).toMatch(`the content of ${wrong} must `)
    expect(refusal({ [variable]: '' })).toEqual([`${variable} must not be empty`])
  })
})

test('where a value came from is told with it', () => {
  const { sources } = readSettings({ INTERHUMAN_AUTH_HOST: '::1', INTERHUMAN_AUTH_PORT: '1' }, { port: '2' })
  expect(sources.get('host')).toEqual({ kind: 'environment', name: 'INTERHUMAN_AUTH_HOST' })
  expect(sources.get('port')).toEqual({ kind: 'flag', name: '--port' })
  expect(sources.get('dataDir')).toEqual({ kind: 'default' })
})

test('names are of one form', () => {
  expect(environmentName('maxBodyBytes')).toBe('INTERHUMAN_AUTH_MAX_BODY_BYTES')
  expect(flagName('maxBodyBytes')).toBe('max-body-bytes')
})

test('a secret has no flag: what stands under its name there is not read', () => {
  expect(readConfig({}, { 'master-key': 'LEAK' }).masterKey).toBeNull()
})

test('everything that is wrong is told at once, a line each', () => {
  expect(
    refusal({
      INTERHUMAN_AUTH_PORT: 'LEAK',
      INTERHUMAN_AUTH_LOG_LEVEL: 'LEAK',
      INTERHUMAN_AUTH_PROT: 'LEAK',
    }),
  ).toEqual([
    'INTERHUMAN_AUTH_PROT is not a setting; see docs/configuration.md',
    'INTERHUMAN_AUTH_PORT must be a whole number from 0 to 65535',
    'INTERHUMAN_AUTH_LOG_LEVEL must be one of trace, debug, info, warn, error, silent',
  ])
})

test('variables of other programs and of the client are left alone', () => {
  expect(() =>
    readConfig({ PATH: 'x', INTERHUMAN_KEY_SECRET: 'LEAK', INTERHUMAN_API_URL: 'x' }),
  ).not.toThrow()
})

test.each([
  [{ METRICS_HOST: '::1' }, 'INTERHUMAN_AUTH_METRICS_HOST does nothing without INTERHUMAN_AUTH_METRICS_PORT'],
  [
    { KEY_CACHE_SIZE: '5' },
    'INTERHUMAN_AUTH_KEY_CACHE_SIZE does nothing without INTERHUMAN_AUTH_DATABASE_URL',
  ],
  [
    { PORT: '9464', METRICS_PORT: '9464' },
    'INTERHUMAN_AUTH_METRICS_PORT and INTERHUMAN_AUTH_PORT are the same port of one address; give each its own',
  ],
  [
    { ADMIN_PORT: '9464', METRICS_PORT: '9464' },
    'INTERHUMAN_AUTH_ADMIN_PORT and INTERHUMAN_AUTH_METRICS_PORT are the same port of one address; give each its own',
  ],
  [{ ADMIN_HOST: '::1' }, 'INTERHUMAN_AUTH_ADMIN_HOST does nothing without INTERHUMAN_AUTH_ADMIN_PORT'],
])('%j contradict each other', (settings, line) => {
  const environment = Object.entries(settings).map(([name, value]) => [`INTERHUMAN_AUTH_${name}`, value])
  expect(refusal(Object.fromEntries(environment))).toEqual([line])
})

test('of settings that contradict each other nothing is said while one of them is wrong by itself', () => {
  expect(refusal({ INTERHUMAN_AUTH_METRICS_HOST: '::1', INTERHUMAN_AUTH_METRICS_PORT: 'LEAK' })).toEqual([
    'INTERHUMAN_AUTH_METRICS_PORT must be a whole number from 0 to 65535',
  ])
})

test('a master key, a master key file and a master key command exclude each other', () => {
  const key = { INTERHUMAN_AUTH_MASTER_KEY: 'LEAK' }
  const file = { INTERHUMAN_AUTH_MASTER_KEY_FILE: '/x' }
  const command = { INTERHUMAN_AUTH_MASTER_KEY_COMMAND: '/bin/LEAK' }
  const keyAndFile = 'INTERHUMAN_AUTH_MASTER_KEY and INTERHUMAN_AUTH_MASTER_KEY_FILE exclude each other'
  const keyAndCommand = 'INTERHUMAN_AUTH_MASTER_KEY and INTERHUMAN_AUTH_MASTER_KEY_COMMAND exclude each other'
  const fileAndCommand =
    'INTERHUMAN_AUTH_MASTER_KEY_FILE and INTERHUMAN_AUTH_MASTER_KEY_COMMAND exclude each other'
  expect(refusal({ ...key, ...file })).toEqual([keyAndFile])
  expect(refusal({ ...key, ...file, ...command })).toEqual([keyAndFile, keyAndCommand, fileAndCommand])
})
