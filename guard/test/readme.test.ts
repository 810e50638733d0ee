import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { claims, compact, es256 } from './support/signing.ts'
import { startServer } from './support/start-server.ts'

const GUARD = fileURLToPath(new URL('..', import.meta.url))

it('the example of the README does what it says', async () => {
  const key = es256()
  const issuer = await startServer((_request, response) => response.end(JSON.stringify({ keys: [key.jwk] })))
  const [, example = ''] = /```ts\n([\s\S]*?)```/.exec(readFileSync(`${GUARD}README.md`, 'utf8')) ?? []
  const program = example
    .replaceAll('http://127.0.0.1:4747', issuer.url)
    .replace('.listen(4800)', '.listen(0, function () { console.log(this.address().port) })')
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: GUARD,
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 20_000,
  })
  try {
    const port = await new Promise((resolve, reject) => {
      child.stdout.once('data', (text) => resolve(String(text).trim()))
      child.once('close', () => reject(new Error('the example ended')))
    })
    const url = `http://127.0.0.1:${port}/`
    const now = Math.floor(Date.now() / 1000)
    const token = compact(key, claims({ iss: issuer.url, aud: issuer.url, iat: now, exp: now + 900 }))
    const granted = await fetch(url, { headers: { Authorization: `Bearer ${token}` } })
    expect(await granted.text()).toBe(`hello, ${claims().client_id}\n`)
    expect((await fetch(url)).status).toBe(401)
  } finally {
    child.kill()
    await issuer.stop()
  }
})
