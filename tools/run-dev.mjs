import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { ROOT } from './project.mjs'
import { serviceEnvironment } from './service-environment.mjs'
import { startService } from './start-service.mjs'

// Builds on every change, and starts the service anew after every build without errors. One Ctrl-C ends both: each is in
// a group of its own, so that the signal reaches it through this process alone.

const compiler = spawn(
  process.execPath,
  ['node_modules/typescript/bin/tsc', '--build', '--watch', '--preserveWatchOutput', '--pretty', 'false'],
  { cwd: ROOT, detached: process.platform !== 'win32', stdio: ['ignore', 'pipe', 'inherit'] },
)
/** @type {import('./start-service.mjs').Service | undefined} */
let service
let restart = Promise.resolve()
let stopping = false

createInterface({ input: compiler.stdout }).on('line', (line) => {
  if (line !== '') console.error(line)
  if (/Found 0 errors/.test(line)) restart = restart.then(startAnew)
})
compiler.once('close', (code) => {
  if (stopping) return
  process.exitCode = code || 1
  void stop()
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop)

async function startAnew() {
  await service?.stop()
  if (stopping) return
  service = startService({ args: process.argv.slice(2), env: serviceEnvironment(), onLine: console.error })
  await service.started.then(
    ({ url, credentialsFile }) => console.error(`listening on ${url}; first key in ${credentialsFile}`),
    ({ message }) => console.error(`${message}; it is started again after the next change`),
  )
}

async function stop() {
  if (stopping) return
  stopping = true
  if (compiler.pid !== undefined && compiler.exitCode === null) endGroup(compiler.pid)
  await service?.stop()
  await restart
}

/**
 * The compiler is a script that starts a program; on Windows, which has no groups, it takes that along itself.
 *
 * @param {number} pid
 */
function endGroup(pid) {
  if (process.platform === 'win32') compiler.kill()
  else process.kill(-pid, 'SIGTERM')
}
