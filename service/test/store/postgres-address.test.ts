import { expect, test } from 'vitest'
import { parsePostgresAddress, tlsModeOf } from '../../src/store/postgres-address.ts'

test('a whole URL is read, with several hosts, special characters and every parameter', () => {
  expect(
    parsePostgresAddress(
      'postgresql://us%40er:p%3A%2F%40ss:LEAK@h1:5433,[fd00::1]:5434,%2Frun%2Fpg,h4/da%20ta?' +
        'sslmode=verify-ca&sslrootcert=/c/root.pem&sslcert=/c/c.pem&sslkey=/c/k.pem' +
        '&application_name=node-1&target_session_attrs=read-write',
    ),
  ).toEqual({
    hosts: [
      { host: 'h1', port: 5433 },
      { host: 'fd00::1', port: 5434 },
      { host: '/run/pg', port: 5432 },
      { host: 'h4', port: 5432 },
    ],
    user: 'us@er',
    password: 'p:/@ss:LEAK',
    database: 'da ta',
    applicationName: 'node-1',
    tlsMode: 'verify-ca',
    rootCertificateFile: '/c/root.pem',
    certificateFile: '/c/c.pem',
    keyFile: '/c/k.pem',
  })
})

test('the database is the user’s own unless told, and there may be no password', () => {
  for (const url of ['postgres://u@h', 'postgres://u@h/', 'postgres://u:@h'])
    expect(parsePostgresAddress(url)).toMatchObject({ database: 'u', password: '' })
})

test.each([
  '',
  'LEAK',
  'h:5432/d',
  'https://u:LEAK@h/d',
  'postgres:u:LEAK@h/d',
  'postgres://u:LEAK@h/d#LEAK',
  'postgres://u:LE@AK@h/d',
  'postgres://u:LE/AK@h/d',
  'postgres://h/d',
  'postgres://:LEAK@h/d',
  'postgres://u:LEAK@/d',
  'postgres://u:LEAK@h1,,h2/d',
  'postgres://u:LEAK@h:0/d',
  'postgres://u:LEAK@h:65536/d',
  'postgres://u:LEAK@h:LEAK/d',
  'postgres://u:LEAK@fd00::1/d',
  'postgres://u:LEAK%@h/d',
  'postgres://u:LEAK@h/d?sslmode=LEAK',
  'postgres://u:LEAK@h/d?sslmode=prefer',
  'postgres://u:LEAK@h/d?sslmode=',
  'postgres://u:LEAK@h/d?sslmode=require&sslmode=disable',
  'postgres://u:LEAK@h/d?LEAK=1',
  'postgres://u:LEAK@h/d?sslcert=/c',
  'postgres://u:LEAK@h/d?target_session_attrs=standby',
])(
  'what is no address of a database that can be written to is refused, and nothing of it is told',
  (text) => {
    expect(() => parsePostgresAddress(text)).toThrow(TypeError)
    expect(() => parsePostgresAddress(text)).toThrow(/^must (?!.*LEAK)/)
  },
)

test.each([
  ['127.0.0.1', 'disable'],
  ['127.1.2.3', 'disable'],
  ['localhost', 'disable'],
  ['[::1]', 'disable'],
  ['%2Frun%2Fpostgresql', 'disable'],
  ['10.0.0.1', 'verify-full'],
  ['db', 'verify-full'],
  ['localhost.example.test', 'verify-full'],
  ['127.example.test', 'verify-full'],
])('a connection to %s is %s unless told', (host, mode) => {
  const address = parsePostgresAddress(`postgres://u@${host}/d`)
  const [only] = address.hosts
  expect(only && tlsModeOf(address, only)).toBe(mode)
  const told = parsePostgresAddress(`postgres://u@${host}/d?sslmode=require`)
  expect(only && tlsModeOf(told, only)).toBe('require')
})
