import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { startFeed, until, VERIFIER } from './support/start-feed.ts'

const GUARD = fileURLToPath(new URL('..', import.meta.url))

it('a feed that is connected, or about to be, keeps no process alive', async () => {
  const { url, feeds, acks } = await startFeed()
  const program = `
    import { createServer } from 'node:http'
    import { revocationFeed } from '@interhuman-auth/guard'
    const [url, verifier] = process.argv.slice(1)
    const feed = revocationFeed({ address: url, verifier })
    revocationFeed({ address: 'http://127.0.0.1:1', verifier })
    const server = createServer().listen(0)
    await feed.started
    while (feed.state().acknowledgedId === undefined) await new Promise((resolve) => setTimeout(resolve, 5))
    server.close()
    console.log(feed.state().connected)
  `
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program, url, VERIFIER], {
    cwd: GUARD,
    timeout: 20_000,
  })
  let output = ''
  child.stdout.on('data', (text) => {
    output += text
  })
  const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })))
  expect(await ended).toEqual({ code: 0, signal: null })
  expect(output).toBe('true\n')
  expect([feeds.length, acks.length]).toEqual([1, 1])
  await until(() => feeds[0]?.request.destroyed === true)
})
