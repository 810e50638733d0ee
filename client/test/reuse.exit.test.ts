import { spawn } from 'node:child_process'
import { expect, test } from 'vitest'

/** Runs a program on the built package to its end. */
async function run(program: string): Promise<{ code: number | null; printed: string }> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: import.meta.dirname,
  })
  const limit = setTimeout(() => child.kill('SIGKILL'), 20_000)
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (printed += chunk))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  clearTimeout(limit)
  return { code, printed }
}

const imports = `
  import { AccessToken, reuse } from '@interhuman-auth/client'
  const token = new AccessToken({ value: 'v', raw: '', scopes: [], expiresInSeconds: 900, expiresAt: 0 })`

test('a program that got a token ends at once: nothing of it waits, not even for a refresh', async () => {
  // The clock says that the token is due, so that the second call leaves a refresh behind that never answers.
  const { code, printed } = await run(`${imports}
    let now = 0
    let calls = 0
    const clock = { now: () => now, monotonicNow: () => now }
    const source = { getToken: () => (++calls === 1 ? Promise.resolve(token) : new Promise(() => {})) }
    const reused = reuse(source, { clock, timeoutMs: 600_000 })
    await reused.getToken()
    now = 820_000
    await reused.getToken()
    await new Promise(setImmediate)
    console.log(calls)`)
  expect({ code, printed }).toEqual({ code: 0, printed: '2\n' })
})

test('a program whose refresh fails behind its back is not ended by that', async () => {
  const { code, printed } = await run(`${imports}
    let now = 0
    let calls = 0
    const clock = { now: () => now, monotonicNow: () => now }
    const source = { getToken: async () => { if (++calls > 1) throw new Error('refused'); return token } }
    const reused = reuse(source, { clock, onEvent() { throw new Error('listener') } })
    await reused.getToken()
    for (now = 730_000; now < 880_000; now += 10_000) {
      await reused.getToken()
      await new Promise(setImmediate)
    }
    console.log(calls > 3)`)
  expect({ code, printed }).toEqual({ code: 0, printed: 'true\n' })
})

test('a program that waits for a repeat is kept running until it is over', async () => {
  const { code, printed } = await run(`${imports}
    let calls = 0
    const fault = Object.assign(new Error('503'), { retryable: true })
    const source = { getToken: async () => { if (++calls === 1) throw fault; return token } }
    console.log((await reuse(source).getToken()).value)`)
  expect({ code, printed }).toEqual({ code: 0, printed: 'v\n' })
})
