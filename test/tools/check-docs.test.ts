import { ERRORS, errorSlug, formatErrorLink } from '@interhuman-auth/protocol'
import { describe, expect, test } from 'vitest'
import {
  findBrokenLinks,
  findErrorPageGaps,
  findMissingFiles,
  findUnknownCommands,
} from '../../tools/document-rules.mjs'
import { anchorOf, readMarkdown } from '../../tools/markdown.mjs'
import { writeErrors } from '../../tools/write-errors.mjs'

function project(markdown: string, others: Record<string, string> = {}) {
  const documents = new Map(
    Object.entries({ 'README.md': markdown, ...others }).map(([file, text]) => [file, readMarkdown(text)]),
  )
  const paths = new Set(['README.md', 'docs', 'docs/a.md', 'tools', 'tools/start.mjs', 'package.json'])
  for (const path of ['service', 'service/src', 'service/src/routes', 'service/src/routes/auth.ts'])
    paths.add(path)
  return { documents, paths, scripts: ['start', 'check'], bins: ['interhuman-auth'] }
}

describe('links', () => {
  const others = { 'docs/a.md': '# One\n\n## Two `parts`, and more\n\n## One\n' }

  test.each([
    ['[a](docs/b.md)', 'links to what is not there: docs/b.md'],
    ['[a](docs/a.md#three)', 'links to a heading that is not there: docs/a.md#three'],
    ['[a](#nowhere)', 'links to a heading that is not there: #nowhere'],
    ['[a]: docs/b.md', 'links to what is not there: docs/b.md'],
  ])('%s is found to lead nowhere', (markdown, problem) => {
    expect(findBrokenLinks(project(markdown, others))).toEqual([`README.md:1 ${problem}`])
  })

  test.each([
    ['[a](docs/a.md)'],
    ['[a](docs/)'],
    ['[a](docs/a.md#two-parts-and-more)'],
    ['[a](docs/a.md#one-1)'],
    ['[a](https://example.org/nothing)'],
    ['`[a](docs/b.md)`'],
    ['```\n[a](docs/b.md)\n```'],
    ['# Top\n[a](#top)'],
  ])('%s is not found at fault', (markdown) => {
    expect(findBrokenLinks(project(markdown, others))).toEqual([])
  })

  test('a link is read from where its document stands', () => {
    const documents = { 'docs/a.md': '[up](../README.md) [wrong](README.md)' }
    expect(findBrokenLinks(project('', documents))).toEqual([
      'docs/a.md:1 links to what is not there: README.md',
    ])
  })
})

test('a file that a document names must be there', () => {
  const named =
    '`tools/start.mjs` `tools/stop.mjs` `gone.md` `a/b` `docs/…` `client/dist/index.js` `package.json`'
  expect(findMissingFiles(project(named))).toEqual([
    'README.md:1 names a file that is not there: tools/stop.mjs',
    'README.md:1 names a file that is not there: gone.md',
  ])
})

test('a path of a document may begin below service/src/, and must be there as well', () => {
  const named =
    '`routes/auth.ts` `service/src/routes/auth.ts` `routes/gone.ts` `auth.ts` `routes/` `routes/x`'
  expect(findMissingFiles(project(named))).toEqual([
    'README.md:1 names a file that is not there: routes/gone.ts',
  ])
})

describe('commands', () => {
  test.each([
    ['npm ci && npm run nothing', 'names no script of package.json: npm run nothing'],
    ['npx --no-install other', 'names no command of this project: npx --no-install other'],
    ['A=b npx interhuman-auth token', 'lets npx fetch by name: npx interhuman-auth token'],
    ['npm strat', 'is no command of npm that is known here: npm strat'],
    ['npm i interhuman-auth', 'is no command of npm that is known here: npm i interhuman-auth'],
    ['npm i ../a.tgz interhuman', 'is no command of npm that is known here: npm i ../a.tgz interhuman'],
  ])('%s is found', (command, problem) => {
    expect(findUnknownCommands(project(`\`\`\`sh\n${command}\n\`\`\``))).toEqual([`README.md:2 ${problem}`])
    expect(findUnknownCommands(project(`\`${command}\``))).toEqual([`README.md:1 ${problem}`])
  })

  test.each([
    ['npm ci && npm start'],
    ['npm --silent start'],
    ['npm i ../a-0.1.0.tgz ./b.tgz'],
    ['$ npm run check'],
    ['X=y npx --no-install interhuman-auth token | cmp'],
  ])('%s is not found at fault', (command) => {
    expect(findUnknownCommands(project(`\`\`\`sh\n${command}\n\`\`\``))).toEqual([])
  })
})

describe('the error page', () => {
  const slugs = Object.values(ERRORS).map(errorSlug)

  test("has a heading for every error, and the error's link ends in its anchor", () => {
    const anchors = readMarkdown(writeErrors()).headings.map(({ anchor }) => anchor)
    for (const row of Object.values(ERRORS))
      expect(anchors).toContain(new URL(formatErrorLink(row, 'https://example.org/errors')).hash.slice(1))
    expect(anchorOf('ih2005 Missing key secret')).toBe('ih2005-missing-key-secret')
  })

  test('that lacks an error, or has one too many, is found', () => {
    const page = writeErrors().replace('## ih2005 Missing key secret', '## ih2999 Something else')
    expect(findErrorPageGaps(slugs, readMarkdown(page))).toEqual([
      'docs/errors.md has no heading for #ih2005-missing-key-secret',
      expect.stringMatching(/^docs\/errors\.md:\d+ is the heading of no error: ih2999 Something else$/),
    ])
    expect(findErrorPageGaps(slugs, readMarkdown(writeErrors()))).toEqual([])
  })
})
