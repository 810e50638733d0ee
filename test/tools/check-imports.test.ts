import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { findCircles, findUnusedDependencies, findWrongImports } from '../../tools/import-rules.mjs'
import {
  findHiddenInputs,
  findMisplacedKnowledge,
  findRepeatedLiterals,
} from '../../tools/placement-rules.mjs'
import { readHouse } from '../../tools/read-house.mjs'

const roots: string[] = []

afterEach(async () => {
  for (const root of roots.splice(0)) await rm(root, { recursive: true })
})

const packages: Record<string, string[]> = {
  protocol: [],
  client: ['@interhuman-auth/protocol'],
  cli: ['@interhuman-auth/client', '@interhuman-auth/protocol'],
  guard: ['@interhuman-auth/protocol'],
  service: ['@interhuman-auth/protocol', 'fastify'],
}

/** A small repository in a temporary folder: the five workspaces and the files that are given. */
async function house(files: Record<string, string>) {
  const root = await mkdtemp(path.join(tmpdir(), 'house-'))
  roots.push(root)
  const manifests = Object.entries(packages).map(([folder, dependencies]) => [
    `${folder}/package.json`,
    JSON.stringify({
      name: `@interhuman-auth/${folder}`,
      dependencies: Object.fromEntries(dependencies.map((name) => [name, '0.1.0'])),
    }),
  ])
  const workspaces = Object.keys(packages)
  const all: Record<string, string> = {
    'package.json': JSON.stringify({
      name: 'house',
      workspaces,
      devDependencies: { vitest: '1', jose: '1' },
    }),
    ...Object.fromEntries(manifests),
    ...files,
  }
  for (const [file, text] of Object.entries(all)) {
    await mkdir(path.join(root, path.dirname(file)), { recursive: true })
    await writeFile(path.join(root, file), text)
  }
  return readHouse(root)
}

describe('imports go along the arrows only', () => {
  test.each([
    ['protocol/src/a.ts', '@interhuman-auth/client', 'protocol → client'],
    ['client/src/a.ts', '@interhuman-auth/guard', 'client → guard'],
    ['guard/src/a.ts', '@interhuman-auth/client', 'guard → client'],
    ['service/src/a.ts', '@interhuman-auth/client', 'service → client'],
    ['service/src/a.ts', '@interhuman-auth/guard', 'service → guard'],
    ['guard/test/a.test.ts', '@interhuman-auth/service', 'guard → service'],
    ['test/a.test.ts', '@interhuman-auth/cli', 'test → cli'],
    ['examples/a.ts', '@interhuman-auth/service', 'examples → service'],
    ['client/src/a.ts', '@interhuman-auth/protocol/dist/errors.js', 'reaches into a package'],
    ['client/src/a.ts', '../../protocol/src/errors.ts', 'leaves its workspace'],
    ['client/src/a.ts', '../test/a.ts', 'reaches out of its source'],
    ['guard/test/a.test.ts', '../../service/src/main.ts', 'leaves its workspace'],
    ['test/a.test.ts', '../service/src/main.ts', 'reaches into service/'],
    ['test/a.test.ts', '../tools/build.mjs', 'imports tools/'],
    ['tools/a.mjs', '../service/dist/main.js', 'reaches into service/'],
    ['protocol/src/a.ts', 'node:crypto', 'imports nothing of Node'],
    ['client/src/a.ts', 'node:http', 'imports nothing of Node'],
    ['client/src/a.ts', 'jose', 'declares no dependency jose'],
    ['guard/test/a.test.ts', 'kysely', 'declares no devDependency kysely'],
    ['service/bin/a.js', 'kysely', 'declares no dependency kysely'],
  ])('%s must not import %s', async (file, specifier, problem) => {
    const problems = findWrongImports(await house({ [file]: `export * from '${specifier}'\n` }))
    expect(problems).toEqual([expect.stringContaining(problem)])
    expect(problems[0]).toMatch(new RegExp(`^${file}:1 `))
  })

  test.each([
    ['client/src/a.ts', '@interhuman-auth/protocol'],
    ['cli/src/a.ts', '@interhuman-auth/client'],
    ['cli/src/a.ts', 'node:fs'],
    ['cli/bin/a.js', '../dist/main.js'],
    ['service/src/routes/a.ts', '../b.ts'],
    ['service/test/a.test.ts', '@interhuman-auth/client'],
    ['service/test/a.test.ts', '../src/a.ts'],
    ['service/test/a.test.ts', '../../test/support/a.ts'],
    ['service/test/a.test.ts', 'fastify'],
    ['test/a.test.ts', '@interhuman-auth/guard'],
    ['test/a.test.ts', 'jose'],
    ['test/tools/a.test.ts', '../../tools/a.mjs'],
    ['test/bench/a.test.ts', '../../bench/a.mjs'],
    ['tools/write-configuration.mjs', '../service/dist/config.js'],
  ])('%s may import %s', async (file, specifier) => {
    expect(findWrongImports(await house({ [file]: `import '${specifier}'\n` }))).toEqual([])
  })
})

test('a dependency that nothing imports is found, in a workspace and at the root', async () => {
  const problems = findUnusedDependencies(
    await house({
      'client/src/a.ts': "import type { A } from '@interhuman-auth/protocol'\n",
      'service/src/a.ts': "import '@interhuman-auth/protocol'\nimport 'fastify'\n",
      'test/a.test.ts': "import 'vitest'\n",
    }),
  )
  expect(problems).toEqual([
    'cli/package.json nothing imports @interhuman-auth/client',
    'cli/package.json nothing imports @interhuman-auth/protocol',
    'guard/package.json nothing imports @interhuman-auth/protocol',
    'package.json nothing uses jose',
  ])
})

test('a circle of files is found, through types as well', async () => {
  const problems = findCircles(
    await house({
      'service/src/a.ts': "import './store/b.ts'\n",
      'service/src/store/b.ts': "import type { C } from '../c.ts'\n",
      'service/src/c.ts': "export { a } from './a.ts'\n",
      'service/src/d.ts': "import './a.ts'\nimport './c.ts'\n",
    }),
  )
  expect(problems).toEqual([
    'circle: service/src/a.ts → service/src/store/b.ts → service/src/c.ts → service/src/a.ts',
  ])
})

describe('inside the service each kind of knowledge has its place', () => {
  test.each([
    ['service/src/issue-token.ts', "import './store/sqlite.ts'", 'only main names a concrete store'],
    ['service/src/issue-token.ts', "import 'fastify'", 'knows neither HTTP nor the framework'],
    ['service/src/main.ts', "import 'node:http'", 'knows neither HTTP'],
    ['service/src/commands/start/start.ts', "import 'node:http'", 'knows neither HTTP'],
    ['service/src/store/sqlite.ts', "import type { Server } from 'node:http'", 'knows neither HTTP'],
    ['service/src/issue-token.ts', 'const port = process.env.PORT', 'reads the environment'],
    ['client/src/a.ts', "const home = process.env['HOME']", 'reads the environment'],
  ])('%s must not say %s', async (file, line, problem) => {
    expect(findMisplacedKnowledge(await house({ [file]: line }))).toEqual([expect.stringContaining(problem)])
  })

  test.each([
    ['service/src/main.ts', "import './store/sqlite.ts'"],
    ['service/src/routes/auth.ts', "import type { FastifyInstance } from 'fastify'"],
    ['service/src/answer-request.ts', "import type { OutgoingHttpHeader } from 'node:http'"],
    ['service/src/config.ts', 'const port = process.env.PORT'],
    ['service/test/a.test.ts', 'const port = process.env.PORT'],
    ['service/src/a.ts', '// process.env is read in config'],
  ])('%s may say %s', async (file, line) => {
    expect(findMisplacedKnowledge(await house({ [file]: line }))).toEqual([])
  })
})

describe('time and randomness are parameters', () => {
  test.each([
    ['service/src/a.ts', 'const now = Date.now()'],
    ['service/src/a.ts', 'row.created = new Date()'],
    ['guard/src/a.ts', 'if (Date.now() > exp) throw expired'],
    ['service/src/main.ts', 'const id = Math.random()'],
  ])('%s must not say %s', async (file, line) => {
    expect(findHiddenInputs(await house({ [file]: `f()\n${line}` }))).toEqual([
      expect.stringContaining(`${file}:2 `),
    ])
  })

  test.each([
    ['service/src/main.ts', 'run({ now: () => Date.now() })'],
    ['guard/src/a.ts', 'export function verify({ now = Date.now }) {}'],
    ['guard/src/a.ts', 'const now = options.now ?? Date.now'],
    ['service/src/a.ts', 'const text = formatDate(new Date(seconds * 1000))'],
  ])('%s may say %s', async (file, line) => {
    const problems = findHiddenInputs(await house({ [file]: line }))
    expect(problems).toEqual([])
  })
})

describe('a name of the wire stands once, in protocol', () => {
  const wire = {
    'protocol/src/endpoints.ts': "export const A = '/v0/auth'\n",
    'protocol/src/scopes.ts': "export const S = 'interhumanai.upload'\n",
    'protocol/src/headers.ts':
      "export const CORRELATION_ID_HEADER = 'X-Correlation-ID'\nexport const ORIGIN_HEADER = 'Origin'\n",
    'protocol/src/errors.ts': "export const E = { id: 'ih2001', title: 'auth' }\n",
  }

  test.each([
    ['service/src/a.ts', "route('/v0/auth')", '/v0/auth'],
    ['client/src/a.ts', 'post(`$' + '{base}/v0/auth`)', '/v0/auth'],
    ['cli/src/a.ts', "post('https://api.interhuman.ai/v0/auth?x=1')", '/v0/auth'],
    ['cli/src/a.ts', "help('asks for interhumanai.upload')", 'interhumanai.upload'],
    ['guard/src/a.ts', "headers.get('x-correlation-id')", 'x-correlation-id'],
    ['guard/src/a.ts', "headers.get('origin')", 'origin'],
    ['service/src/a.ts', "if (id === 'ih2001') throw it", 'ih2001'],
    ['tools/a.mjs', "say('/v0/auth')", '/v0/auth'],
  ])('%s must not say %s', async (file, line, word) => {
    expect(findRepeatedLiterals(await house({ ...wire, [file]: line }))).toEqual([
      `${file}:1 take it from protocol: ${word}`,
    ])
  })

  test('nor twice in protocol itself', async () => {
    const files = { ...wire, 'protocol/src/b.ts': "const again = 'ih2001'" }
    expect(findRepeatedLiterals(await house(files))).toEqual([
      'protocol/src/errors.ts:1 stands twice in protocol: ih2001',
    ])
  })

  test('a header that is a word of English as well may stand in a sentence', async () => {
    const files = { ...wire, 'service/src/a.ts': "say('an Origin of its own')" }
    expect(findRepeatedLiterals(await house(files))).toEqual([])
  })

  test('tests, examples and comments may spell it', async () => {
    const files = {
      ...wire,
      'service/test/a.test.ts': "post('/v0/auth')",
      'examples/a.ts': "need('interhumanai.upload')",
      'service/src/a.ts': '// POST /v0/auth',
      'service/src/b.ts': "title('auth')",
    }
    expect(findRepeatedLiterals(await house(files))).toEqual([])
  })
})
