import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type PostgresServer, startPostgres } from '../../../test/support/start-postgres.ts'
import { StartupError } from '../../src/startup-error.ts'
import { openPostgres, run } from './postgres-under-test.ts'

const VERSION = spawnSync('openssl', ['version'], { encoding: 'utf8' }).stdout ?? ''
const LACKS = VERSION.startsWith('OpenSSL 3') ? undefined : 'OpenSSL 3 is not installed'

let folder: string
let server: PostgresServer
const file = (name: string) => join(folder, name)

/** Makes a key and a certificate for a name, signed by itself or by another one. */
function certify(name: string, subject: string, issuer?: string): void {
  const signed = issuer === undefined ? [] : ['-CA', file(`${issuer}.pem`), '-CAkey', file(`${issuer}.key`)]
  const extensions = issuer === undefined ? [] : ['-addext', `subjectAltName=${subject}`]
  execFileSync(
    'openssl',
    [
      ...[
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
      ],
      ...['-subj', `/CN=${name}`, '-keyout', file(`${name}.key`), '-out', file(`${name}.pem`)],
      ...signed,
      ...extensions,
    ],
    { stdio: 'ignore' },
  )
}

beforeAll(async () => {
  if (LACKS !== undefined) return
  folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-tls-'))
  certify('root', '')
  certify('other', '')
  certify('server', 'IP:127.0.0.1', 'root')
  server = await startPostgres()
  for (const name of ['server.pem', 'server.key']) {
    const copied = join(server.dataFolder, name)
    copyFileSync(file(name), copied)
    chmodSync(copied, 0o600)
    server.own(copied)
  }
  server.configure({ ssl: 'on', ssl_cert_file: 'server.pem', ssl_key_file: 'server.key' })
  server.reload()
})
afterAll(async () => {
  await server?.remove()
  if (folder !== undefined) rmSync(folder, { recursive: true })
})

let connections = 0
async function isEncrypted(parameters: string, host = '127.0.0.1'): Promise<unknown> {
  connections += 1
  const name = `tls_${connections}`
  const url = server.url().replace('127.0.0.1', host)
  const store = await openPostgres(`${url}?application_name=${name}&${parameters}`)
  try {
    const rows = await run(
      server.url(),
      `select ssl from pg_stat_ssl join pg_stat_activity using (pid) where application_name = '${name}'`,
    )
    return rows[0]?.ssl
  } finally {
    await store.close()
  }
}

test('a server is used over TLS as far as it is trusted, in each mode of libpq', async (context) => {
  if (LACKS !== undefined) context.skip(LACKS)
  const [trusted, stranger] = [`sslrootcert=${file('root.pem')}`, `sslrootcert=${file('other.pem')}`]
  expect(await isEncrypted('sslmode=disable')).toBe(false)
  expect(await isEncrypted('sslmode=require')).toBe(true)
  expect(await isEncrypted(`sslmode=verify-ca&${trusted}`)).toBe(true)
  expect(await isEncrypted(`sslmode=verify-full&${trusted}`)).toBe(true)
  // The certificate is for 127.0.0.1 alone.
  expect(await isEncrypted(`sslmode=verify-ca&${trusted}`, 'localhost')).toBe(true)
  const refused = (parameters: string, host?: string) => expect(isEncrypted(parameters, host)).rejects
  await refused(`sslmode=verify-full&${trusted}`, 'localhost').toThrow(/\(ERR_TLS_CERT_ALTNAME_INVALID\)/)
  await refused('sslmode=verify-full').toThrow(/\((?:UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT\w*)\)/)
  await refused(`sslmode=verify-full&${stranger}`).toThrow(/does not answer \([A-Z_]+\)/)
  await refused(`sslmode=verify-ca&${stranger}`).toThrow(/does not answer \([A-Z_]+\)/)
  await refused(`sslmode=require&${stranger}`).toThrow(/does not answer \([A-Z_]+\)/)
})

test('a file of TLS that cannot be read is told by its parameter', async () => {
  const opened = openPostgres(
    'postgres://u:LEAK@127.0.0.1:1/d?sslmode=verify-full&sslrootcert=/nowhere/LEAK.pem',
  )
  await expect(opened).rejects.toThrow(StartupError)
  await expect(opened).rejects.toThrow("the file of the database URL's sslrootcert cannot be read (ENOENT)")
})
