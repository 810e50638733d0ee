import { exchangeKey, readStoredAddress } from './exchange-first-key.mjs'
import { formatNextSteps } from './next-steps.mjs'
import { ROOT } from './project.mjs'
import { runScript } from './run-command.mjs'
import { serviceEnvironment } from './service-environment.mjs'
import { isLate, startService, usesPostgres } from './start-service.mjs'

// Builds, starts the service, exchanges the first key through the command, and stays up until Ctrl-C.
// Standard output is the response's bytes and nothing else.

const PARENT_CHECK_MS = 200

say('building')
const build = await runScript(['tools/build.mjs'])
process.stderr.write(build.output)
process.exitCode = build.code === 0 ? await run() : build.code

async function run() {
  const service = startService({
    args: process.argv.slice(2),
    env: serviceEnvironment(),
    onLine: (line) => process.stderr.write(`${line}\n`),
  })
  let stopping = false
  const stop = () => {
    stopping = true
    void service.stop()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop)
  if (process.env.npm_lifecycle_event === 'start') whenOrphaned(stop)
  try {
    await introduce(await service.started)
  } catch (error) {
    const code = await service.stop()
    // A service that could not start has said why itself.
    if (!stopping && (code === 0 || isLate(error))) say(/** @type {Error} */ (error).message)
    return stopping ? code : code || 1
  }
  const code = await service.ended
  say(stopping && code === 0 ? 'stopped' : `the service ended with exit code ${code}`)
  return code
}

/**
 * npm hands a SIGTERM to the shell between it and this process, and the shell dies of it without a word.
 *
 * @param {() => void} stop
 */
function whenOrphaned(stop) {
  const parent = process.ppid
  setInterval(() => process.ppid === parent || stop(), PARENT_CHECK_MS).unref()
}

/** @param {import('./start-service.mjs').Started} started */
async function introduce({ url, credentialsFile, created }) {
  if (usesPostgres(process.env))
    return say(
      `the service listens on ${url}, with PostgreSQL; make a key with ` +
        '"npx --no-install interhuman-auth-service keys create"; Ctrl-C stops the service',
    )
  const { SCOPES, TOKEN_ENDPOINTS, UPLOAD_SCOPE } = await import('@interhuman-auth/protocol')
  say(created ? 'made the first key' : 'the first key is there already: no second one is made')
  say(`the service listens on ${url}`)
  say(`the credentials file is ${credentialsFile}`)
  const stored = await readStoredAddress(credentialsFile)
  if (stored === undefined)
    return say(
      'no token is asked for, since that file is gone or names no address; make another key with ' +
        '"npx --no-install interhuman-auth-service keys create"; Ctrl-C stops the service',
    )
  if (stored !== url)
    return say(
      `no token is asked for, since the key goes only to the address stored with it, ${stored}; start on that address, ` +
        'or write the new one into the file as INTERHUMAN_API_URL; Ctrl-C stops the service',
    )
  say('exchanging the first key; what the service answers is on standard output, byte for byte')
  const code = await exchangeKey(credentialsFile, SCOPES)
  process.stderr.write('\n')
  if (code !== 0) say(`the exchange ended with exit code ${code}; the service goes on`)
  const endpoint = TOKEN_ENDPOINTS.v0
  process.stderr.write(formatNextSteps({ root: ROOT, credentialsFile, url, endpoint, scope: UPLOAD_SCOPE }))
}

/** @param {string} text */
function say(text) {
  process.stderr.write(`interhuman-auth: ${text}\n`)
}
