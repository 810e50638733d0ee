import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RecordingProxy, startRecordingProxy } from './support/recording-proxy.ts'
import { cleanEnvironment, type RunningService, runProcess, startService } from './support/start-service.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const skill = 'interhuman-authentication'
const installer = join(root, 'node_modules/skills/bin/cli.mjs')

/** Where each agent of the specification looks for a project's skills, and its name in the installer's summary. */
const agents = [
  ['claude-code', '.claude/skills', 'Claude Code'],
  ['codex', '.agents/skills', 'Codex'],
  ['gemini-cli', '.agents/skills', 'Gemini CLI'],
  ['opencode', '.agents/skills', 'OpenCode'],
  ['github-copilot', '.agents/skills', 'GitHub Copilot'],
  ['kimi-code-cli', '.agents/skills', 'Kimi Code CLI'],
] as const

let service: RunningService
let proxy: RecordingProxy
let place: string
let project: string
let summary: string

beforeAll(async () => {
  service = await startService()
  proxy = await startRecordingProxy(service.url)
  place = mkdtempSync(join(tmpdir(), 'interhuman-install-'))
  project = join(place, 'project')
  mkdirSync(project)
  const text = readFileSync(service.credentialsFile, 'utf8').replace(service.url, proxy.url)
  writeFileSync(join(place, 'credentials.env'), text, { mode: 0o600 })
  symlinkSync(root, join(place, 'interhuman-authentication'))
  const options = agents.flatMap(([agent]) => ['--agent', agent])
  summary = await run(project, [process.execPath, installer, 'add', root, ...options, '--yes'])
})
afterAll(async () => {
  await proxy.close()
  await service.stop()
  rmSync(place, { recursive: true })
})

/** Runs a command in a folder, with the installer's reports switched off, and gives its standard output. */
async function run(folder: string, command: readonly string[]): Promise<string> {
  const env = cleanEnvironment({ HOME: place, DISABLE_TELEMETRY: '1', DO_NOT_TRACK: '1', NO_COLOR: '1' })
  const line = 'cd "$0" && exec "$@" </dev/null'
  const { code, stdout, stderr } = await runProcess('/bin/sh', ['-c', line, folder, ...command], env)
  expect(code, stderr + stdout).toBe(0)
  return stdout
}

function readFolder(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile())
  const read = files.map(({ parentPath, name }) => join(parentPath, name)).sort()
  return Object.fromEntries(
    read.map((file) => [file.slice(folder.length + 1), readFileSync(file, 'utf8')] as const),
  )
}

test.each(agents)('for %s it installs into %s, byte for byte', (_agent, folder, name) => {
  expect(summary).toContain(name)
  expect(readFolder(join(project, folder, skill))).toEqual(readFolder(join(root, 'skills', skill)))
})

test('nothing but the skill and the installer’s own lock is put into the project', () => {
  expect(readdirSync(project).sort()).toEqual(['.agents', '.claude', 'skills-lock.json'])
  for (const folder of ['.agents/skills', '.claude/skills'])
    expect(readdirSync(join(project, folder))).toEqual([skill])
})

test.each(['README.md', 'skills/README.md'])(
  'the line that %s shows installs for one agent',
  async (file) => {
    const line = /^\.\.\/interhuman-authentication\/node_modules\/\.bin\/skills add .*$/m
    const [shown = ''] = line.exec(readFileSync(join(root, file), 'utf8')) ?? []
    const alone = mkdtempSync(join(place, 'alone-'))
    await run(alone, ['/bin/sh', '-c', shown])
    expect(readFolder(join(alone, '.claude/skills', skill))).toEqual(readFolder(join(root, 'skills', skill)))
  },
)

test.each([...new Set(agents.map(([, folder]) => folder))])(
  'the script exchanges a key from where it was installed, %s, and hands on the bytes that the service sent',
  async (folder) => {
    const script = join(project, folder, skill, 'scripts/interhuman-auth.mjs')
    const env = cleanEnvironment({ INTERHUMAN_CONFIG: join(place, 'credentials.env') })
    const args = [script, '--scope', 'interhumanai.upload']
    const { code, stdout, stderr } = await runProcess(process.execPath, args, env)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toBe(String(proxy.takeBodies()[0]))
    expect(JSON.parse(stdout)).toMatchObject({ token_type: 'Bearer', scope: 'interhumanai.upload' })
  },
)
