import { readFileSync } from 'node:fs'
import { delimiter } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeRecipeFolder } from '../support/run-recipe.ts'
import { type Analyzers, startAnalyzers } from '../support/start-analyzers.ts'
import { cleanEnvironment, type RunningService, runProcess, startService } from '../support/start-service.ts'

/** The recipe's own tests, which need nothing of Node: their classes, and what each of them promises. */
const groups = [
  ['Exchange', 'sends, reads and refuses as every case of cases.json says'],
  ['Addresses', 'sends nothing to an address that cases.json refuses'],
  ['Source', 'keeps, renews and drops tokens as every case of cases.json says'],
  ['Threads', 'makes one exchange for a hundred threads, and shares its success and its failure'],
  ['Forks', 'begins anew in a fork'],
  ['Waiting', 'ends in time whatever does not come'],
  ['Strictness', 'hands on bytes as they came, and takes no proxy'],
  ['Certificates', 'gives no secret to a certificate that nobody vouches for'],
  ['Origins', 'knows to whom a token may go'],
  ['Secrets', 'shows no secret and no token where it is printed, pickled or fails'],
  ['RealService', 'gets a token of the real service, and its refusal'],
  ['Httpx', 'carries the token in httpx'],
  ['HttpxAsync', 'carries the token in httpx, asynchronously'],
  ['Requests', 'carries the token in requests'],
  ['Websockets', 'carries the token in websockets'],
] as const

interface Report {
  readonly group: string
  readonly name: string
  readonly fault: string | null
  readonly skipped: string | null
}

const old = 'import sys; sys.exit(sys.version_info < (3, 9))'
let service: RunningService
let analyzers: Analyzers
let reports: readonly Report[] | undefined

beforeAll(async () => {
  const python = await runProcess('python3', ['-c', old]).catch(() => ({ code: 1 }))
  if (python.code !== 0) return
  service = await startService()
  analyzers = await startAnalyzers(service.url)
  const folder = fileURLToPath(new URL('python/', import.meta.url))
  const recipe = fileURLToPath(new URL('../../docs/recipes/python/', import.meta.url))
  const modules = ['test_cases', 'test_interhuman_auth', 'test_adapters']
  const { stdout, stderr } = await runProcess('python3', [`${folder}run_tests.py`, ...modules], {
    ...cleanEnvironment({
      INTERHUMAN_API_URL: service.url,
      INTERHUMAN_KEY_ID: service.keyId,
      INTERHUMAN_KEY_SECRET: service.keySecret,
    }),
    ANALYZERS_URL: analyzers.url,
    PYTHONPATH: [folder, recipe].join(delimiter),
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONWARNINGS: 'ignore',
  })
  expect(stderr).toBe('')
  reports = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Report)
})
afterAll(async () => {
  await analyzers?.close()
  await service?.stop()
})

for (const [group, promise] of groups)
  test(`Python, ${group}: the recipe ${promise}`, ({ skip }) => {
    skip(reports === undefined, 'python3 (3.9 or newer) is not on this machine')
    const mine = reports?.filter((report) => report.group === group) ?? []
    const reason = mine.find(({ skipped }) => skipped !== null)?.skipped
    skip(typeof reason === 'string', String(reason))
    expect(mine.length).toBeGreaterThan(0)
    expect(mine.filter(({ fault }) => fault !== null)).toEqual([])
  })

test.each(['httpx_auth', 'requests_auth', 'websockets_connect'])(
  'Python, the adapter %s is at most 15 lines of code',
  (name) => {
    const path = fileURLToPath(new URL(`../../docs/recipes/python/${name}.py`, import.meta.url))
    const code = readFileSync(path, 'utf8').replace(/^"""[\s\S]*?"""$/m, '')
    const lines = code.split('\n').filter((line) => /^(?!\s*(?:#|$)|import |from )/.test(line))
    expect(lines.length).toBeGreaterThan(5)
    expect(lines.length).toBeLessThanOrEqual(15)
  },
)

/** The one block of the recipes' page that holds a text. */
function block(holding: string): string {
  const page = readFileSync(fileURLToPath(new URL('../../docs/recipes/README.md', import.meta.url)), 'utf8')
  const blocks = [...page.matchAll(/^```\w+\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '')
  const found = blocks.filter((text) => text.includes(holding))
  expect(found).toHaveLength(1)
  return found[0] ?? ''
}

test("the page's lines of Python and its lines with exec get what they need of the real service", async ({
  skip,
}) => {
  skip(reports === undefined, 'python3 (3.9 or newer) is not on this machine')
  const folder = makeRecipeFolder(service)
  try {
    const lines = `import json, subprocess\n${block('subprocess.run')}print(headers)\n`
    const called = await folder.run('python3', ['-c', lines])
    expect(called).toMatchObject({ code: 0, stderr: '' })
    expect(called.stdout).toMatch(/^\{'Authorization': 'Bearer eyJ[\w.-]+'\}\n$/)
    for (const [line, least] of [
      ['interhuman-auth exec --scope', 100],
      ['interhuman-auth exec --proxy', 60],
    ] as const) {
      const started = await folder.run('sh', ['-c', block(line)])
      expect(started).toMatchObject({ code: 0, stderr: '' })
      expect(Number(started.stdout)).toBeGreaterThan(least)
    }
  } finally {
    folder.remove()
  }
})

test('the groups are all that there are', ({ skip }) => {
  skip(reports === undefined, 'python3 (3.9 or newer) is not on this machine')
  const known: readonly string[] = groups.map(([group]) => group)
  expect([...new Set(reports?.map(({ group }) => group))].sort()).toEqual([...known].sort())
})
