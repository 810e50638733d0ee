import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseFrontmatter } from 'skills-ref'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hasCurl, makeRecipeFolder, type RecipeFolder, recipe } from '../support/run-recipe.ts'
import { type Analyzers, startAnalyzers } from '../support/start-analyzers.ts'
import { type ProcessResult, type RunningService, startService } from '../support/start-service.ts'

interface Step {
  readonly name?: string
  readonly uses?: string
  readonly run?: string
  readonly if?: string
  readonly env?: Readonly<Record<string, string>>
}
interface Workflow {
  readonly permissions: object
  readonly jobs: { readonly upload: { readonly permissions: object; readonly steps: readonly Step[] } }
}

const text = readFileSync(recipe('github-actions/upload.yml'), 'utf8')
// The front matter of a skill is YAML, so that its reader reads this as well.
const workflow = parseFrontmatter(`---\n${text}---\n`)[0] as unknown as Workflow
const { steps } = workflow.jobs.upload

let service: RunningService
let analyzers: Analyzers
let folder: RecipeFolder

beforeAll(async () => {
  service = await startService()
  analyzers = await startAnalyzers(service.url)
  folder = makeRecipeFolder(service)
})
afterAll(async () => {
  folder.remove()
  await analyzers.close()
  await service.stop()
})

test('has no right but to read, fetches nothing by name, and pins the one action by its commit', () => {
  expect(workflow.permissions).toEqual({})
  expect(workflow.jobs.upload.permissions).toEqual({ contents: 'read' })
  expect(steps.flatMap(({ uses = [] }) => uses)).toEqual([
    expect.stringMatching(/^actions\/checkout@[0-9a-f]{40}$/),
  ])
  expect(text).not.toMatch(/\bnpx\b|npm (?:i|install|exec)\b/)
})

test('puts secrets into the environment of one step and into no line of the shell', () => {
  expect(
    steps.filter(({ env }) => JSON.stringify(env ?? {}).includes('secrets.')).map(({ name }) => name),
  ).toEqual(['Write the key to a file'])
  for (const { run = '' } of steps) expect(run).not.toContain('${{')
})

/** Runs a step as the runner does: its own variables, and those that earlier steps wrote into `GITHUB_ENV`. */
async function runStep(step: Step): Promise<ProcessResult> {
  const values: Record<string, string> = {
    'secrets.INTERHUMAN_KEY_ID': service.keyId,
    'secrets.INTERHUMAN_KEY_SECRET': service.keySecret,
    'vars.INTERHUMAN_API_URL': service.url,
    'vars.INTERHUMAN_UPLOAD_URL': analyzers.url,
  }
  const evaluate = (value: string) =>
    value.replace(/\$\{\{ ([\w.]+)[^}]*\}\}/g, (_, name: string) => values[name] ?? '')
  const own = Object.entries(step.env ?? {}).map(([name, value]) => [name, evaluate(value)])
  const file = join(folder.path, 'github.env')
  const written = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : []
  const runnerTemp = join(folder.path, 'temp')
  return folder.run('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step.run ?? ''], {
    INTERHUMAN_CONFIG: '',
    ...Object.fromEntries([...written.map((line) => line.split(/=(.*)/, 2)), ...own]),
    GITHUB_ENV: file,
    RUNNER_TEMP: runnerTemp,
  })
}

test('its steps upload, mask the token before it could be printed, print no key, and leave nothing', async ({
  skip,
}) => {
  skip(!(await hasCurl()), 'no curl 7.76 or newer on this machine')
  const temp = join(folder.path, 'temp')
  mkdirSync(temp)
  const [write, get, upload, remove] = steps.filter(({ name }) => name !== undefined) as [
    Step,
    Step,
    Step,
    Step,
  ]

  expect(await runStep(write)).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(statSync(join(temp, 'interhuman.env')).mode & 0o777).toBe(0o600)
  const got = await runStep(get)
  expect(got.code).toBe(0)
  expect(got.stdout).toMatch(/^::add-mask::eyJ[\w.-]+\n$/)
  expect(got.stderr).not.toMatch(/eyJ|ih_live_/)
  expect(statSync(join(temp, 'token.curl')).mode & 0o777).toBe(0o600)
  const uploaded = await runStep(upload)
  expect(uploaded).toMatchObject({ code: 0, stderr: '' })
  expect(JSON.parse(uploaded.stdout)).toEqual({ received_bytes: analyzers.uploads.at(-1) })
  expect(/ih_live_|eyJ/.test(folder.takeCurls())).toBe(false)
  expect(remove.if).toBe('always()')
  writeFileSync(join(temp, 'other'), '')
  expect(await runStep(remove)).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(
    ['interhuman.env', 'token.json', 'token.curl', 'other'].map((name) => existsSync(join(temp, name))),
  ).toEqual([false, false, false, true])
})
