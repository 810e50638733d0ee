import { fileURLToPath } from 'node:url'
import { expect, type TestContext } from 'vitest'
import { runCommand, temporaryFolder } from './run-command.ts'

const TERMINAL = fileURLToPath(new URL('terminal.py', import.meta.url))

/** Does the steps of `terminal.py` on a terminal; they name what a person sees and types. */
export async function onTerminal(
  context: TestContext,
  steps: readonly unknown[],
  command: readonly string[],
  env: Record<string, string>,
): Promise<{ shown: string; code: number }> {
  const python = {
    program: 'python3',
    env: { ...process.env, TERM: 'dumb', ...env } as Record<string, string>,
  }
  const found = await runCommand(['-c', 'import pty'], python).catch(() => ({ code: 1 }))
  if (found.code !== 0) context.skip('needs Python 3, for a terminal')
  const ended = await runCommand([TERMINAL, JSON.stringify(steps), ...command], {
    ...python,
    env: { ...python.env, PATH: `${env.PATH}:${process.env.PATH}`, HOME: env.HOME ?? temporaryFolder() },
  })
  const { shown, code, fault } = JSON.parse(ended.stdout.toString())
  expect([fault, shown]).toEqual([null, shown])
  return { shown, code }
}
