import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cleanEnvironment, runProcess } from './support/start-service.ts'

// Agents' own programs judge the plugin and install it. They are large, so they come from a folder of their own, and only
// here. Neither signs in nor asks a model for anything.

const root = fileURLToPath(new URL('../', import.meta.url))
const place = join(root, 'tools/validators')
const modules = join(place, 'node_modules')
const claude = join(modules, `@anthropic-ai/claude-code-${process.platform}-${process.arch}/claude`)
const gemini = join(modules, '@google/gemini-cli/bundle/gemini.js')
const skill = 'skills/interhuman-authentication'
const INSTALL_TIMEOUT_MS = 300_000

let folder: string
let clone: string

beforeAll(async () => {
  if (!existsSync(gemini))
    await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: place,
      timeout: INSTALL_TIMEOUT_MS,
    })
  folder = mkdtempSync(join(tmpdir(), 'interhuman-agents-'))
  clone = join(folder, 'clone')
  for (const part of [
    '.claude-plugin',
    '.codex-plugin',
    'gemini-extension.json',
    'skills',
    'README.md',
    'LICENSE',
  ])
    cpSync(join(root, part), join(clone, part), { recursive: true })
}, INSTALL_TIMEOUT_MS)
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs a program at home in an empty folder, with nothing of this machine's settings. */
async function run(file: string, ...args: string[]) {
  const quiet = {
    DISABLE_TELEMETRY: '1',
    DISABLE_AUTOUPDATER: '1',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  }
  const env = cleanEnvironment({ HOME: folder, NO_COLOR: '1', ...quiet })
  const line = 'cd "$HOME" && yes | "$@"'
  const ended = await runProcess('/bin/sh', ['-c', line, 'sh', file, ...args], env)
  expect(ended.code, ended.stdout + ended.stderr).toBe(0)
  return ended
}

function expectInstalledIn(installed: string) {
  for (const file of ['SKILL.md', 'scripts/interhuman-auth.mjs'])
    expect(readFileSync(join(installed, skill, file), 'utf8')).toBe(
      readFileSync(join(root, skill, file), 'utf8'),
    )
}

describe('Claude Code', () => {
  test('finds the plugin and its marketplace valid, strictly, and in it the skill and nothing that runs', async (context) => {
    context.skip(!existsSync(claude), 'no package of Claude Code for this platform')
    const { stdout } = await run(claude, 'plugin', 'validate', '--strict', '--json', clone)
    const report = JSON.parse(stdout)
    expect(report).toMatchObject({ success: true, manifest: { errors: [], warnings: [] } })
    const provided = Object.entries(report.provides).filter(([, each]) => (each as unknown[]).length > 0)
    expect(provided).toEqual([['skills', ['interhuman-authentication:interhuman-authentication']]])
  })

  test('installs it from a path', async (context) => {
    context.skip(!existsSync(claude), 'no package of Claude Code for this platform')
    await run(claude, 'plugin', 'marketplace', 'add', clone)
    await run(claude, 'plugin', 'install', 'interhuman-authentication@interhuman-authentication')
    const cache = join(folder, '.claude/plugins/cache/interhuman-authentication/interhuman-authentication')
    const versions = readdirSync(cache)
    expect(versions).toEqual([JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version])
    expectInstalledIn(join(cache, String(versions[0])))
  })
})

describe('Gemini CLI', () => {
  test('finds the extension valid', async () => {
    const { stderr } = await run(process.execPath, gemini, 'extensions', 'validate', clone)
    expect(stderr).toMatch(/successfully validated/)
  })

  test('installs it from a path', async () => {
    await run(process.execPath, gemini, 'extensions', 'install', clone, '--consent')
    expectInstalledIn(join(folder, '.gemini/extensions/interhuman-authentication'))
  })
})
