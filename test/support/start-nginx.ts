import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { waitUntil } from './start-service.ts'

const CONFIGURATION = fileURLToPath(new URL('../../deploy/nginx/interhuman-auth.conf', import.meta.url))

/** The nginx front of `deploy/nginx/`, with a certificate that it signed itself. */
export interface Nginx {
  /** https. */
  readonly url: string
  readonly plainUrl: string
  /** The certificate, which is its own authority. */
  readonly certificate: string
  /** What `nginx -t` says of the configuration. */
  readonly checked: { readonly code: number | null; readonly text: string }
  /** The access log so far. */
  accessLog(): string
  stop(): Promise<void>
}

/** Whether this machine has what the front needs. */
export function hasNginx(): boolean {
  return ['nginx', 'openssl'].every(
    (program) => spawnSync(program, ['-v'], { env: PATH }).error === undefined,
  )
}

/** Debian keeps nginx where only root looks for programs. */
const PATH = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` }

/** Starts nginx with the configuration as it is, but for its ports, its certificate, its logs and the address of the service. */
export async function startNginx(serviceUrl: string): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), 'interhuman-auth-nginx-'))
  const [plainPort, port] = [await freePort(), await freePort()]
  const certificate = writeCertificate(folder)
  const accessLog = join(folder, 'access.log')
  const fragment = replaceAll(readFileSync(CONFIGURATION, 'utf8'), [
    ['listen 80;', `listen 127.0.0.1:${plainPort};`],
    ['listen 443 ssl', `listen 127.0.0.1:${port} ssl`],
    ['/etc/interhuman-auth/tls/fullchain.pem', join(folder, 'certificate.pem')],
    ['/etc/interhuman-auth/tls/privkey.pem', join(folder, 'key.pem')],
    ['/var/log/nginx/interhuman-auth.log', accessLog],
    ['/var/log/nginx/interhuman-auth-error.log', join(folder, 'error.log')],
    ['server 127.0.0.1:4747 ', `server ${new URL(serviceUrl).host} `],
  ])
  writeFileSync(join(folder, 'site.conf'), fragment)
  writeFileSync(join(folder, 'nginx.conf'), mainConfiguration(folder))
  const args = ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'start.log')]
  const checked = spawnSync('nginx', ['-t', ...args], { env: PATH, encoding: 'utf8' })
  const child = spawn('nginx', args, { env: PATH, stdio: 'ignore' })
  const closed = once(child, 'close')
  const stop = async () => {
    child.kill('SIGTERM')
    await closed
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await waitUntil(
      () => isAnswering(plainPort, child.exitCode),
      () => `nginx does not answer: ${readFileSync(join(folder, 'start.log'), 'utf8')}`,
    )
  } catch (error) {
    await stop()
    throw error
  }
  return {
    url: `https://127.0.0.1:${port}`,
    plainUrl: `http://127.0.0.1:${plainPort}`,
    certificate,
    checked: { code: checked.status, text: checked.stderr },
    accessLog: () => readFileSync(accessLog, 'utf8'),
    stop,
  }
}

async function isAnswering(port: number, exitCode: number | null): Promise<boolean> {
  if (exitCode !== null) throw new Error(`nginx ended with ${exitCode}`)
  return fetch(`http://127.0.0.1:${port}/`).then(
    () => true,
    () => false,
  )
}

/** What is replaced must be there: otherwise the configuration that is tested is another one. */
function replaceAll(text: string, replacements: readonly (readonly [string, string])[]): string {
  return replacements.reduce((replaced, [from, to]) => {
    if (!replaced.includes(from)) throw new Error(`the configuration has no ${from}`)
    return replaced.replaceAll(from, to)
  }, text)
}

function writeCertificate(folder: string): string {
  const file = join(folder, 'certificate.pem')
  const made = spawnSync(
    'openssl',
    [
      ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 1 -subj /CN=test'.split(
        ' ',
      ),
      ...['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', join(folder, 'key.pem'), '-out', file],
    ],
    { encoding: 'utf8' },
  )
  if (made.status !== 0) throw new Error(`no certificate: ${made.stderr}`)
  return readFileSync(file, 'utf8')
}

function mainConfiguration(folder: string): string {
  mkdirSync(join(folder, 'temporary'))
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `daemon off;
worker_processes 1;
pid ${join(folder, 'nginx.pid')};
error_log ${join(folder, 'start.log')};
${process.getuid?.() === 0 ? `user ${userInfo().username};` : ''}
events { worker_connections 128; }
http {
${temporary.map((name) => `${name}_temp_path ${join(folder, 'temporary', name)};`).join('\n')}
include ${join(folder, 'site.conf')};
}
`
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : 0))
    })
  })
}
