import { describe, expect, it } from 'vitest'
import { COMMANDS } from '../../src/command-table.ts'
import { parseOptions } from '../../src/options.ts'
import { readProxyOptions } from '../../src/proxy/proxy-options.ts'

const read = (...argv: string[]) => readProxyOptions(parseOptions(argv, COMMANDS.proxy), COMMANDS.proxy.start)

describe('the options of a proxy', () => {
  it('are any port, no further path, no web page and a secret, unless others are typed', () => {
    expect(read()).toMatchObject({
      port: 0,
      paths: [],
      origins: [],
      scopes: [],
      noSecret: false,
      verbose: false,
    })
  })

  it('are read as they are typed', () => {
    const paths = ['/v9/*', '/v0/real-time/analyze']
    const origins = ['http://localhost:5173', 'https://a.example']
    const typed = [
      ...paths.flatMap((path) => ['--allow-path', path]),
      ...origins.flatMap((origin) => ['--allow-origin', origin]),
      ...['--port', '65535', '--scope', 'interhumanai.upload', '--no-secret', '--verbose'],
    ]
    const scopes = ['interhumanai.upload']
    expect(read(...typed)).toMatchObject({
      port: 65_535,
      paths,
      origins,
      scopes,
      noSecret: true,
      verbose: true,
    })
  })

  it.each(['LEAK', '0', '65536', '-1', '80x', '0x50', '1e3', '4800.5'])('a port of %s is none', (port) => {
    expect(() => read(`--port=${port}`)).toThrow(
      /^--port is a number from 1 to 65535; see interhuman-auth proxy --help$/,
    )
  })

  it.each([
    'LEAK',
    'v9',
    '/',
    '/*',
    '/a/',
    '//a',
    '/a//b',
    '/.',
    '/a/..',
    '/a/%2e',
    '/a?b',
    '/a b',
    '/a\\b',
    '/*/a',
    '/a*',
  ])('a path of %s is none', (path) => {
    const typed = () => read('--scope', 'interhumanai.upload', `--allow-path=${path}`)
    expect(typed).toThrow(/^--allow-path is a path/)
    expect(typed).not.toThrow(/LEAK/)
  })

  it.each([
    'LEAK',
    'null',
    '*',
    'http://a.example/',
    'http://a.example:80',
    'HTTP://a.example',
    'ftp://a.example',
    'a.example',
  ])('an origin of %s is none', (origin) => {
    const typed = () => read(`--allow-origin=${origin}`)
    expect(typed).toThrow(/^--allow-origin is an origin/)
    expect(typed).not.toThrow(/LEAK/)
  })

  it('need a scope with a path that no table has a scope for', () => {
    expect(() => read('--allow-path', '/v9/*')).toThrow('--allow-path goes with --scope')
  })
})
